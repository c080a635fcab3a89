import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOver, type ReplayOrder } from '@astrolabe/replay';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createInMemoryCluster } from '../testing/in-memory-cluster.ts';
import { fill, ReplayOwners } from '../testing/replay-owners.ts';
import { createSteppingClock } from '../testing/stepping-clock.ts';
import { followReplay, type FollowEvent, type FollowReplayOptions } from './follow-replay.ts';
import { planReplay } from './plan-replay.ts';
import { startReplay } from './start-replay.ts';

const { signal } = new AbortController();

async function setUp() {
  const cluster = createInMemoryCluster();
  await fill(cluster, cluster.topics.segmentEvents.name, 100);
  const clock = createSteppingClock();
  const request = { source: 'events', toEarliest: true } as const;
  const planned = await planReplay({ cluster, request, id: 'r', recordsPerSecond: undefined, clock, signal });
  const { order } = planned.kind === 'planned' ? planned : assert.fail(planned.kind);
  await startReplay({ cluster, order, clock, signal });
  return { cluster, owners: new ReplayOwners(cluster), order };
}

/** `steps` are what the services do, one while the follower sleeps. */
async function followed(
  { cluster }: Awaited<ReturnType<typeof setUp>>,
  steps: readonly (() => Promise<void> | void)[],
  options: Partial<FollowReplayOptions> = {},
) {
  const events: FollowEvent[] = [];
  let step = 0;
  const clock = createSteppingClock(async () => steps[step++]?.());
  const outcome = await followReplay({
    cluster,
    id: 'r',
    isEnd: isOver,
    stallAfterMs: 2_000,
    giveUpAfterMs: 60_000,
    clock,
    signal,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const kinds = events.map(({ kind }) => kind).filter((kind) => kind !== 'progress');
  return { outcome, events, kinds };
}

const nothing = (count: number) => Array.from({ length: count }, () => () => undefined);

test('a replay is followed until every command that was made has ended', async () => {
  const bed = await setUp();
  const { owners, order } = bed;
  const { outcome, kinds } = await followed(bed, [
    () => owners.map(order, 0.5, 20),
    () => owners.map(order, 1, 60),
    () => owners.map(order, 1, 100),
  ]);
  assert.ok(outcome.kind === 'reached');
  const { phase, report, share } = outcome.replay;
  assert.deepEqual([phase, share, report.read, report.commands, report.delivered], ['finished', 1, 100, 100, 100]);
  assert.deepEqual(kinds, []);
});

test('that there is no progress is said once, and that there is some again', async () => {
  const bed = await setUp();
  const { owners, order } = bed;
  const steps = [...nothing(12), () => owners.map(order, 0.5, 50), ...nothing(2), () => owners.map(order, 1, 100)];
  const { outcome, kinds } = await followed(bed, steps);
  assert.equal(outcome.kind, 'reached');
  assert.deepEqual(kinds, ['stalled', 'moving-again']);
});

test('who waits no longer without progress stops following', async () => {
  const { outcome } = await followed(await setUp(), [], { giveUpAfterMs: 5_000 });
  assert.ok(outcome.kind === 'timed-out');
  assert.equal(outcome.replay?.phase, 'waiting');
});

test('an outage of the brokers is said once and waited out', async () => {
  const bed = await setUp();
  const { cluster, owners, order } = bed;
  const { offsets, read } = cluster.reader;
  let isAway = false;
  const reader = {
    read,
    offsets: async (topic: string, partition: number) => {
      if (isAway) throw new PipelineError('kafka.unavailable', 'away', { retryable: true });
      return offsets(topic, partition);
    },
  };
  const steps = [
    () => {
      isAway = true;
    },
    ...nothing(3),
    async () => {
      isAway = false;
      await owners.map(order, 1, 100);
    },
  ];
  const { outcome, kinds } = await followed(bed, steps, { cluster: { ...cluster, reader } });
  assert.equal(outcome.kind, 'reached');
  assert.deepEqual(kinds, ['unreachable']);
});

test('who is interrupted knows how far it was, and a replay that is not there is told', async () => {
  const bed = await setUp();
  const interruption = new AbortController();
  const steps = [() => bed.owners.map(bed.order, 0.25, 10), () => undefined, () => interruption.abort()];
  const { outcome } = await followed(bed, steps, { signal: interruption.signal });
  assert.ok(outcome.kind === 'interrupted');
  assert.deepEqual([outcome.replay?.report.read, outcome.replay?.report.pending], [25, 15]);
  assert.equal((await followed(bed, [], { id: 'other' })).outcome.kind, 'unknown');
});

test('the rate and the rest are told while a replay runs, and not while it is paused', async () => {
  const bed = await setUp();
  const { owners } = bed;
  const order: ReplayOrder = { ...bed.order, changedAtMs: bed.order.changedAtMs };
  const { events } = await followed(bed, [() => owners.map(order, 0.5, 0), () => owners.map(order, 1, 100)]);
  const running = events.flatMap((event) => (event.kind === 'progress' ? [event.replay] : []));
  assert.equal(running[0]?.readPerSecond, undefined);
  assert.ok((running[1]?.readPerSecond ?? 0) > 0);
  assert.equal(running.at(-1)?.remainingMs, undefined);
});
