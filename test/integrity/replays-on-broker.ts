/** Orders of replays on a real broker, and what the services tell of them. */
import type { TestContext } from 'node:test';
import {
  createKafkaAdmin,
  createKafkaConnection,
  createRecordProducer,
  type PartitionWatermarks,
} from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import {
  orderRecord,
  phaseOf,
  totalsOf,
  type ReplayOrder,
  type ReplayPhase,
  type ReplayRequest,
  type ReplaySpan,
  type ReplayTotals,
  type ReplayView,
} from '@astrolabe/replay';
import { openReplayFollower } from '@astrolabe/processing';
import { createLogger } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { eventually } from '@astrolabe/testkit';

export interface ReplaysOnBroker {
  /** Orders a replay of all that is on the command topic. */
  order(id: string, request: Partial<ReplayRequest>): Promise<void>;
  cancel(id: string): Promise<void>;
  totals(id: string): ReplayTotals;
  untilPhase(id: string, phase: ReplayPhase): Promise<void>;
}

export async function openReplays(t: TestContext, prefix: string): Promise<ReplaysOnBroker> {
  const topics = topicsFor(prefix);
  const logger = createLogger({ name: 'replay-test', level: 'silent' });
  const brokers = (process.env['KAFKA_BROKERS'] ?? '').split(',');
  const connection = createKafkaConnection({ brokers, clientId: 'replay-test', logger });
  const admin = await createKafkaAdmin(connection);
  const producer = await createRecordProducer({ connection, logger });
  const follower = openReplayFollower({
    connection,
    topic: topics.replays.name,
    clock: systemClock,
    random: Math.random,
    logger,
    onFault: (fault) => t.diagnostic(String(fault)),
  });
  t.after(async () => {
    await follower.close();
    await producer.close();
    await admin.close();
  });
  const viewOf = (id: string) => follower.current().replays.get(id);
  const write = async (order: ReplayOrder): Promise<void> => {
    await producer.send(topics.replays.name, [orderRecord(order)]);
    await eventually(() => (viewOf(order.id)?.order.changedAtMs ?? 0) >= order.changedAtMs, {
      timeoutMs: 30_000,
      describe: 'the order to be read',
    });
  };
  const known = (id: string): ReplayView => {
    const view = viewOf(id);
    if (view === undefined) throw new Error(`there is no replay ${id}`);
    return view;
  };
  return {
    order: async (id, request) => {
      const watermarks = await admin.watermarks(topics.commands.name);
      const nowMs = Date.now();
      await write({
        id,
        request: { source: 'commands', toEarliest: true, ...request },
        startedAtMs: nowMs,
        changedAtMs: nowMs,
        spans: spansOf(watermarks),
        topicIds: {},
        wanted: 'run',
      });
    },
    cancel: async (id) => {
      await write({ ...known(id).order, wanted: 'cancel', changedAtMs: Date.now() });
    },
    totals: (id) => totalsOf(known(id)),
    untilPhase: async (id, phase) => {
      await eventually(
        () => {
          const view = viewOf(id);
          return view !== undefined && phaseOf(view) === phase;
        },
        { timeoutMs: 120_000, intervalMs: 100, describe: `replay ${id} to be ${phase}` },
      );
    },
  };
}

/** All that is there. */
function spansOf(watermarks: readonly PartitionWatermarks[]): readonly ReplaySpan[] {
  return watermarks
    .filter(({ lowWatermark, highWatermark }) => lowWatermark < highWatermark)
    .map(({ partition, lowWatermark, highWatermark }) => ({
      partition,
      fromOffset: lowWatermark,
      endOffset: highWatermark,
    }));
}
