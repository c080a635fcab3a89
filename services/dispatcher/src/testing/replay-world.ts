/** The replays of a partition between topics in memory and an API that answers as scripted. */
import assert from 'node:assert/strict';
import type { PartitionSession } from '@astrolabe/processing';
import type { OutgoingRecord } from '@astrolabe/records';
import { orderRecord, phaseOf, type ReplayOrder, type ReplayView } from '@astrolabe/replay';
import { createInMemoryFollower, replayOrder } from '@astrolabe/replay/testing';
import { createReplayReader } from '../adapters/replay-reader.ts';
import type { DeliveryLedger } from '../lifecycle/delivery-ledger.ts';
import { ActiveReplays } from '../replay/active-replays.ts';
import { PartitionReplays, type ReplayPorts } from '../replay/partition-replays.ts';
import { PARTITION, ReplayTopics } from './replay-topics.ts';
import { createHandler, turn } from './scripted-handler.ts';

export { PARTITION } from './replay-topics.ts';

const TOPIC_ID = 'QUFBQUFBQUFBQUFBQUFBQQ';

export interface ReplayWorldOptions {
  readonly handler?: NonNullable<Parameters<typeof createHandler>[0]>;
  /** Of a page. */
  readonly pageRecords?: number;
}

export type ReplayWorld = ReturnType<typeof createReplayWorld>;

export function createReplayWorld({ handler: handlerOptions = {}, pageRecords = 100 }: ReplayWorldOptions = {}) {
  const handler = createHandler(handlerOptions);
  const follower = createInMemoryFollower();
  const topics = new ReplayTopics();
  const { clock, logger } = handler;
  const reader = createReplayReader({ reader: topics.reader(pageRecords), clock, random: () => 0, logger });
  const written: OutgoingRecord[] = [];
  /** How the next writes go: all at once, with a fault, or without an end. */
  const sending = { fault: undefined as Error | undefined, isHanging: false };
  const orders = new Map<string, ReplayOrder>();
  const order = (parts: Partial<ReplayOrder> = {}): void => {
    const made = replayOrder({
      request: { source: 'commands', toEarliest: true },
      spans: [{ partition: PARTITION, fromOffset: 0n, endOffset: topics.offsets('commands').highWatermark }],
      startedAtMs: clock.nowMs(),
      changedAtMs: clock.nowMs(),
      ...parts,
    });
    orders.set(made.id, made);
    follower.write(orderRecord(made));
  };
  const viewOf = (id = 'r1'): ReplayView => {
    const view = follower.current().replays.get(id);
    assert.ok(view, `replay ${id}`);
    return view;
  };
  const send = async (records: readonly OutgoingRecord[]): Promise<void> => {
    if (sending.isHanging) return new Promise<never>(() => undefined);
    if (sending.fault !== undefined) throw sending.fault;
    written.push(...records);
    follower.write(...records);
  };
  const topicId = async (): Promise<string> => TOPIC_ID;
  const ports: ReplayPorts = {
    follower,
    active: new ActiveReplays(follower),
    reader,
    topic: 'replayed',
    topicId,
    send,
  };
  return {
    ...handler,
    topics,
    follower,
    written,
    sending,
    order,
    viewOf,
    phaseOf: (id = 'r1') => phaseOf(viewOf(id)),
    /** What is wanted of a replay from now on. */
    change: (id: string, parts: Partial<ReplayOrder>): void => {
      const before = orders.get(id);
      assert.ok(before);
      order({ ...before, changedAtMs: before.changedAtMs + 1, ...parts });
    },
    /** A process that has the partition. */
    own: () => new Owner(handler, handlerOptions.ledger ?? handler.ledger, ports, topics),
  };
}

class Owner {
  readonly faults: unknown[] = [];
  readonly committable: bigint[] = [];
  readonly lanes;
  readonly replays: PartitionReplays;
  readonly #abort = new AbortController();
  readonly #handler: ReturnType<typeof createHandler>;
  readonly #topics: ReplayTopics;
  #isCut = false;

  constructor(
    handler: ReturnType<typeof createHandler>,
    ledger: DeliveryLedger,
    ports: ReplayPorts,
    topics: ReplayTopics,
  ) {
    this.#handler = handler;
    this.#topics = topics;
    const session: PartitionSession = {
      topic: 'commands',
      partition: PARTITION,
      topicId: TOPIC_ID,
      epoch: 1,
      signal: this.#abort.signal,
      storeOffset: (nextOffset) => void this.committable.push(nextOffset),
      pause: () => undefined,
      resume: () => undefined,
      fail: (fault) => void this.faults.push(fault),
    };
    this.lanes = handler.processorOf(session);
    const { scheduler, decoder, clock, logger, metrics } = handler;
    const services = { scheduler, decoder, clock, logger, metrics, random: () => 0 };
    const send: ReplayPorts['send'] = async (...args) => (this.#isCut ? undefined : ports.send(...args));
    this.replays = new PartitionReplays({ ...services, session, lanes: this.lanes, ledger, ports: { ...ports, send } });
  }

  /** What is on the topic counts as read and delivered by live traffic. */
  passLive(): void {
    this.lanes.enqueue([], this.#topics.offsets('commands').highWatermark);
  }

  /** Gives everything its turn, and time that is looked at now and then. */
  async work(ms = 300): Promise<void> {
    for (let passed = 0; passed <= ms; passed += 50) {
      for (let turns = 0; turns < 20; turns += 1) await turn();
      this.replays.review();
      await this.#handler.clock.advance(50);
    }
    assert.deepEqual(this.faults, []);
  }

  async giveUp(): Promise<void> {
    this.lanes.quiesce();
    this.replays.quiesce();
    await this.lanes.idle();
    await this.#stop();
  }

  /** What it does from here on reaches nobody. */
  async crash(): Promise<void> {
    this.#isCut = true;
    await this.#stop();
  }

  async #stop(): Promise<void> {
    this.#abort.abort();
    await this.lanes.stop();
    await this.replays.stop(1_000);
  }
}
