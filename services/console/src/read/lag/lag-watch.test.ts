import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { lagHistoryShape, lagShape } from '../shapes/lag.ts';
import { createCountedCluster } from '../testing/counted-cluster.ts';
import { eventRecord } from '../testing/records.ts';
import { LagWatch } from './lag-watch.ts';

const INTERVAL_MS = 10_000;

function setUp(t: TestContext) {
  const counted = createCountedCluster({ partitions: 2 });
  const clock = createManualClock();
  const groups = { mapper: 'mapper', dispatcher: 'dispatcher' };
  const failures: unknown[] = [];
  const watch = new LagWatch({
    clusters: counted.clusters,
    groups,
    clock,
    random: () => 0,
    onFailure: (error) => failures.push(error),
    intervalMs: INTERVAL_MS,
  });
  t.after(() => watch.close());
  const step = async (until: () => boolean): Promise<void> => {
    await clock.untilSleeping();
    await clock.advance(INTERVAL_MS);
    while (!until()) await turn();
  };
  const { log, topics } = counted.cluster;
  return { ...counted, clock, watch, step, log, topics, failures };
}

test('one watcher measures for all, by service, partition and connector, and keeps a history', async (t) => {
  const { watch, step, log, topics, asked } = setUp(t);
  assert.equal(watch.lag().kind, 'pending');
  await log.send(topics.segmentEvents.name, [eventRecord('m1'), eventRecord('m2', undefined, 'beta', 1)]);
  await step(() => watch.lag().kind === 'ready');
  const lag = lagShape.parse({ lag: watch.lag() }).lag;
  const mapper = lag.kind === 'ready' ? lag.value.services[0] : undefined;
  assert.deepEqual(
    [mapper?.service, mapper?.total.records, mapper?.partitions.map(({ records }) => records)],
    ['mapper', 2, [1, 1]],
  );
  assert.deepEqual(
    mapper?.connectors.toSorted((a, b) => (a.connector < b.connector ? -1 : 1)),
    [
      { connector: 'acme', records: 1 },
      { connector: 'beta', records: 1 },
    ],
  );
  const questions = [...asked.values()].reduce((sum, count) => sum + count, 0);
  for (let tab = 0; tab < 50; tab += 1) {
    watch.lag();
    watch.unreadOf('acme');
    lagHistoryShape.parse(watch.history({ service: 'mapper' }));
  }
  assert.equal(
    [...asked.values()].reduce((sum, count) => sum + count, 0),
    questions,
  );
  const unread = watch.unreadOf('beta');
  assert.deepEqual(unread.kind === 'ready' && unread.value.services, [
    { service: 'mapper', records: 1 },
    { service: 'dispatcher', records: 0 },
  ]);
  assert.deepEqual(
    watch.history({ service: 'mapper', partition: 1 }).points.map(({ records }) => records),
    [1],
  );
});

test('brokers that are away are told beside what was measured last, and measuring goes on when they are back', async (t) => {
  const { watch, step, failWith, failures } = setUp(t);
  await step(() => watch.lag().kind === 'ready');
  failWith(new PipelineError('kafka.unavailable', 'no broker answers', { retryable: true }));
  await step(() => watch.lag().kind === 'unavailable');
  const away = watch.lag();
  assert.ok(away.kind === 'unavailable' && away.last !== undefined && away.code === 'kafka.unavailable');
  assert.equal(watch.history({ service: 'mapper' }).unavailable, 'no broker answers');
  assert.ok(failures.length > 0);
  failWith(undefined);
  await step(() => true);
  await step(() => watch.lag().kind === 'ready');
  assert.equal(watch.history({ service: 'mapper' }).points.length, 2);
});

test('brokers that say nothing are not waited for: what was measured last is shown as old', async (t) => {
  const { watch, step, clock, clusters } = setUp(t);
  await step(() => watch.lag().kind === 'ready');
  const cluster = await clusters.get();
  Object.assign(cluster.admin, { commits: () => new Promise(() => undefined) });
  await clock.advance(INTERVAL_MS * 6);
  const lag = watch.lag();
  assert.match(lag.kind === 'unavailable' ? lag.message : '', /have not answered for 60 s/);
});
