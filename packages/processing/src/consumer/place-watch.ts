/** Follows where this process stands in its group, by what kafkajs tells and by the clock. */
import type { Consumer } from '@astrolabe/kafka/internal';
import { initialPlace, nextPlace, type GroupEvent, type GroupPlace } from './core/group-place.ts';

type GroupEvents = Pick<Consumer, 'events'> & {
  on(event: Consumer['events'][keyof Consumer['events']], listener: () => void): unknown;
};

export interface PlaceWatchOptions {
  readonly consumer: GroupEvents;
  readonly sessionTimeoutMs: number;
  /** Once for each time that the process becomes absent: others have its partitions, or will get them. */
  readonly onAbsent: (reason: string) => void;
  /** The process has to join again, whatever it waits for. Repeated while it is absent and hears nothing. */
  readonly joinAgain: () => void;
  /** Of a clock that cannot be set. */
  readonly nowMs?: () => number;
}

export class PlaceWatch {
  readonly #options: PlaceWatchOptions;
  readonly #nowMs: () => number;
  #place: GroupPlace;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: PlaceWatchOptions) {
    const { consumer, nowMs = () => performance.now() } = options;
    this.#options = options;
    this.#nowMs = nowMs;
    this.#place = initialPlace(nowMs());
    consumer.on(consumer.events.HEARTBEAT, () => this.see({ kind: 'answered' }));
  }

  /** Looks at the clock every `intervalMs` until `stop`. */
  start(intervalMs: number): void {
    this.#timer = setInterval(() => this.see({ kind: 'time-passed' }), intervalMs);
  }

  /** The process leaves its group: nothing that it sees from here on matters. */
  stop(): void {
    clearInterval(this.#timer);
    this.#isStopped = true;
  }

  see(event: GroupEvent): void {
    if (this.#isStopped) return;
    const before = this.#place;
    const after = nextPlace(before, event, this.#nowMs(), this.#options.sessionTimeoutMs);
    this.#place = after;
    if (after.name === 'absent' && before.name !== 'absent') this.#options.onAbsent(after.reason ?? '');
    if (after.toldToJoinAtMs !== before.toldToJoinAtMs) this.#options.joinAgain();
  }

  isMember(): boolean {
    return this.#place.name === 'member';
  }

  isJoining(): boolean {
    return this.#place.name === 'joining';
  }

  /** Why it is not a member, where that is known. */
  reason(): string | undefined {
    return this.#place.reason;
  }

  /** Since the group last answered. */
  silentMs(): number {
    return this.#nowMs() - this.#place.heardAtMs;
  }
}
