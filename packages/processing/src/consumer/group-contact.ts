/**
 * When the group last heard of this member and answered. Silent for longer than the session time-out, the group has
 * given its partitions to others, whether this member knows it or not.
 */
import type { Consumer } from '@astrolabe/kafka/internal';

type Contact =
  | { readonly kind: 'heard'; readonly atMs: number }
  /** Waiting for the other members: they cannot get a partition of ours before the wait is over. */
  | { readonly kind: 'rebalancing' };

type ContactEvents = Pick<Consumer, 'events'> & {
  on(event: Consumer['events'][keyof Consumer['events']], listener: () => void): unknown;
};

export class GroupContact {
  readonly #nowMs: () => number;
  #contact: Contact;

  /** `nowMs` is of a clock that cannot be set. */
  constructor(consumer: ContactEvents, nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#contact = { kind: 'heard', atMs: nowMs() };
    const { GROUP_JOIN, HEARTBEAT, REBALANCING, CRASH } = consumer.events;
    const heard = (): void => {
      this.#contact = { kind: 'heard', atMs: nowMs() };
    };
    consumer.on(GROUP_JOIN, heard);
    consumer.on(HEARTBEAT, heard);
    consumer.on(REBALANCING, () => {
      this.#contact = { kind: 'rebalancing' };
    });
    // From here on nobody waits for us any more.
    consumer.on(CRASH, () => {
      if (this.#contact.kind === 'rebalancing') heard();
    });
  }

  silentMs(): number {
    return this.#contact.kind === 'rebalancing' ? 0 : this.#nowMs() - this.#contact.atMs;
  }
}
