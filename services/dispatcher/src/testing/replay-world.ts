/** The replays of a partition between topics in memory and an API that answers as scripted. */
import assert from 'node:assert/strict';
import type { PartitionSession } from '@astrolabe/processing';
import { toHeaders, type ConsumedRecord, type OutgoingRecord, type PartitionOffsets } from '@astrolabe/records';
import { createInMemoryPartitionReader } from '@astrolabe/records/in-memory';
import { orderRecord, phaseOf, replayedRecord, type ReplayOrder, type ReplayView } from '@astrolabe/replay';
import { createInMemoryFollower, replayOrder } from '@astrolabe/replay/testing';
import { commandId, type Command } from '@astrolabe/schemas';
import { createReplayReader } from '../adapters/replay-reader.ts';
import { ActiveReplays } from '../replay/active-replays.ts';
import type { DeliveryLedger } from '../lifecycle/delivery-ledger.ts';
import { PartitionReplays } from '../replay/partition-replays.ts';
import { common, upsertUser } from './commands.ts';
import { createHandler, recordOf, turn } from './scripted-handler.ts';

export const PARTITION = 2;
const TOPIC_ID = 'QUFBQUFBQUFBQUFBQUFBQQ';

export interface ReplayWorldOptions {
  readonly handler?: Parameters<typeof createHandler>[0];
  /** Of a page. */
  readonly pageRecords?: number;
}

export type ReplayWorld = ReturnType<typeof createReplayWorld>;

export function createReplayWorld({ handler: handlerOptions = {}, pageRecords = 100 }: ReplayWorldOptions = {}) {
  const handler = createHandler(handlerOptions);
  const follower = createInMemoryFollower();
  const topics = new Map<string, ConsumedRecord[]>([
    ['commands', []],
    ['replayed', []],
  ]);
  const lowWatermarks = new Map<string, bigint>();
  const recordsOf = (topic: string): ConsumedRecord[] => {
    const records = topics.get(topic);
    assert.ok(records, `topic ${topic}`);
    return records;
  };
  const offsets = (topic: string): PartitionOffsets => {
    const end = (recordsOf(topic).at(-1)?.offset ?? -1n) + 1n;
    return { lowWatermark: lowWatermarks.get(topic) ?? 0n, lastStableOffset: end, highWatermark: end };
  };
  const reader = createInMemoryPartitionReader(
    { records: (topic) => recordsOf(topic).filter(({ offset }) => offset >= offsets(topic).lowWatermark), offsets },
    { maxRecords: pageRecords },
  );
  const written: OutgoingRecord[] = [];
  const sending = { fault: undefined as Error | undefined };
  const orders = new Map<string, ReplayOrder>();
  const retrying = { clock: handler.clock, random: () => 0, logger: handler.logger };
  const order = (parts: Partial<ReplayOrder> = {}): void => {
    const { highWatermark } = offsets('commands');
    const made = replayOrder({
      request: { source: 'commands', toEarliest: true },
      spans: [{ partition: PARTITION, fromOffset: 0n, endOffset: highWatermark }],
      startedAtMs: handler.clock.nowMs(),
      changedAtMs: handler.clock.nowMs(),
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
  return {
    ...handler,
    follower,
    written,
    sending,
    records: recordsOf,
    order,
    viewOf,
    phaseOf: (id = 'r1') => phaseOf(viewOf(id)),
    /** What is wanted of a replay from now on. */
    change: (id: string, parts: Partial<ReplayOrder>): void => {
      const before = orders.get(id);
      assert.ok(before);
      order({ ...before, changedAtMs: before.changedAtMs + 1, ...parts });
    },
    /** Commands of users that are named by their messages, one key for each user. */
    append: (topic: 'commands' | 'replayed', ...messages: readonly string[]): readonly ConsumedRecord[] =>
      messages.map((message) => {
        const records = recordsOf(topic);
        const record = { ...commandRecord(message, BigInt(records.length)), topic, partition: PARTITION };
        records.push(record);
        return record;
      }),
    /** As the mapper makes them of an event of a replay. */
    appendReplayed: (replayId: string, messages: readonly string[], isForced = false): void => {
      const records = recordsOf('replayed');
      for (const message of messages) {
        const record = { ...commandRecord(message, BigInt(records.length)), topic: 'events', partition: PARTITION };
        const request = { source: 'events' as const, force: isForced };
        const { key, value, headers } = replayedRecord(record, { id: replayId, request });
        records.push({ ...record, key, value, headers, topic: 'replayed' });
      }
    },
    expire: (topic: string, lowWatermark: bigint): void => void lowWatermarks.set(topic, lowWatermark),
    /** A process that has the partition. */
    own: () =>
      ownPartition({
        records: recordsOf,
        handler,
        ledger: handlerOptions.ledger ?? handler.ledger,
        follower,
        reader,
        retrying,
        written,
        sending,
      }),
  };
}

function ownPartition({
  records,
  handler,
  ledger,
  follower,
  reader,
  retrying,
  written,
  sending,
}: {
  readonly records: (topic: string) => readonly ConsumedRecord[];
  readonly handler: ReturnType<typeof createHandler>;
  readonly ledger: DeliveryLedger;
  readonly follower: ReturnType<typeof createInMemoryFollower>;
  readonly reader: ReturnType<typeof createInMemoryPartitionReader>;
  readonly retrying: Pick<Parameters<typeof createReplayReader>[0], 'clock' | 'random' | 'logger'>;
  readonly written: OutgoingRecord[];
  readonly sending: { readonly fault: Error | undefined };
}) {
  const abort = new AbortController();
  const faults: unknown[] = [];
  const committable: bigint[] = [];
  const session: PartitionSession = {
    topic: 'commands',
    partition: PARTITION,
    topicId: TOPIC_ID,
    epoch: 1,
    signal: abort.signal,
    storeOffset: (nextOffset) => void committable.push(nextOffset),
    pause: () => undefined,
    resume: () => undefined,
    fail: (fault) => void faults.push(fault),
  };
  const lanes = handler.processorOf(session);
  const { scheduler, decoder, clock, logger, metrics } = handler;
  let isCut = false;
  const replays = new PartitionReplays({
    session,
    lanes,
    scheduler,
    decoder,
    clock,
    logger,
    metrics,
    ledger,
    random: () => 0,
    ports: {
      follower,
      active: new ActiveReplays(follower),
      reader: createReplayReader({ ...retrying, reader }),
      topic: 'replayed',
      topicId: async () => TOPIC_ID,
      send: async (records) => {
        if (isCut) return;
        if (sending.fault !== undefined) throw sending.fault;
        written.push(...records);
        follower.write(...records);
      },
    },
  });
  const stop = async (): Promise<void> => {
    abort.abort();
    await lanes.stop();
    await replays.stop(AbortSignal.timeout(1_000));
  };
  return {
    replays,
    lanes,
    faults,
    committable,
    session,
    /** What is on the topic counts as read and delivered by live traffic. */
    passLive: (): void => {
      lanes.enqueue([], BigInt(records('commands').length));
    },
    /** Gives everything its turn, and time that is looked at now and then. */
    work: async (ms = 300): Promise<void> => {
      for (let passed = 0; passed <= ms; passed += 50) {
        for (let turns = 0; turns < 20; turns += 1) await turn();
        replays.review();
        await clock.advance(50);
      }
      assert.deepEqual(faults, []);
    },
    giveUp: async (): Promise<void> => {
      lanes.quiesce();
      replays.quiesce();
      await lanes.idle();
      await stop();
    },
    /** What it does from here on reaches nobody. */
    crash: async (): Promise<void> => {
      isCut = true;
      await stop();
    },
  };
}

/** An upsert of the user whose name is the message's first letter. */
function commandRecord(message: string, offset: bigint): ConsumedRecord {
  const user = message.slice(0, 1);
  const command: Command = upsertUser({ messageId: message, userId: user });
  const record = recordOf(command, offset, user);
  const id = commandId(common.connectorId, message, 'UpsertUser');
  return { ...record, headers: { ...record.headers, ...toHeaders({ 'message-id': message, 'command-id': id }) } };
}
