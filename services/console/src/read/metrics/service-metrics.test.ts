import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { countedPanels } from '../overview/counted-panels.ts';
import { valueIn } from '../panel.ts';
import { ServiceMetrics } from './service-metrics.ts';

const START_MS = Date.UTC(2026, 0, 1);

type Samples = Record<string, number>;

/** Instances by address; a test changes what they tell. */
function setUp(t: TestContext, urls: readonly string[] = ['http://ingest', 'http://mapper', 'http://dispatcher']) {
  const clock = createManualClock(START_MS);
  const asked: string[] = [];
  const instances = new Map<string, Samples>();
  const names = new Map<string, readonly string[]>();
  const start = (url: string, service: string, startedAtMs: number): Samples => {
    const samples = {
      [`${service}_build_info{version="1.2.3"}`]: 1,
      process_start_time_seconds: startedAtMs / 1_000,
    };
    instances.set(url, samples);
    return samples;
  };
  const metrics = new ServiceMetrics({
    urls,
    clock,
    intervalMs: 5_000,
    source: {
      resolve: async (url) => names.get(url) ?? [url],
      fetch: async (url) => {
        asked.push(url);
        const samples = instances.get(url);
        if (samples === undefined) throw new Error('connection refused');
        return new Map(Object.entries(samples));
      },
    },
  });
  t.after(() => metrics.close());
  const funnel = () => valueIn(countedPanels(metrics, '5m', clock.nowMs()).funnel);
  return { clock, asked, instances, names, start, metrics, funnel };
}

const RECEIVED = 'ingest_events_total{connector="acme",type="track",verdict="accepted"}';
const HALTED = 'dispatcher_halted_connectors{connector="acme"}';
const WAITING = 'dispatcher_waiting_commands{connector="acme"}';

test('a period counts what every instance counted in it, restarts of processes included, and says what is missing', async (t) => {
  const { clock, start, funnel, metrics } = setUp(t);
  const ingest = start('http://ingest', 'ingest', START_MS - 60_000);
  start('http://mapper', 'mapper', START_MS - 60_000);
  start('http://dispatcher', 'dispatcher', START_MS - 60_000);
  ingest[RECEIVED] = 1_000;
  await clock.advance(0);
  assert.equal(metrics.trouble(), undefined);
  assert.equal(funnel(), undefined);
  ingest[RECEIVED] = 1_010;
  await clock.advance(310_000);
  assert.deepEqual([funnel()?.now.events.received, funnel()?.exactness], [0, { kind: 'exact' }]);
  ingest[RECEIVED] = 1_015;
  await clock.advance(10_000);
  const value = funnel();
  assert.deepEqual([value?.now.events.received, value?.exactness, value?.before], [5, { kind: 'exact' }, undefined]);
  const next = start('http://ingest', 'ingest', clock.nowMs());
  next[RECEIVED] = 3;
  await clock.advance(5_000);
  assert.equal(funnel()?.now.events.received, 8);
  const exactness = funnel()?.exactness;
  assert.match(exactness?.kind === 'at-least' ? exactness.reasons.join() : '', /ingest at .* was started again/);
  await clock.advance(290_000);
  assert.equal(funnel()?.before?.events.received, 5);
});

test('an instance that does not answer is told, and what it counted meanwhile is part of its next answer', async (t) => {
  const { clock, start, instances, funnel, metrics } = setUp(t);
  const ingest = start('http://ingest', 'ingest', START_MS - 60_000);
  start('http://mapper', 'mapper', START_MS - 60_000);
  ingest[RECEIVED] = 1;
  await clock.advance(10_000);
  const reasons = funnel()?.exactness;
  assert.match(reasons?.kind === 'at-least' ? reasons.reasons.join() : '', /no dispatcher is watched/);
  instances.delete('http://ingest');
  await clock.advance(10_000);
  const away = valueIn(metrics.instances())?.instances.find(({ service }) => service === 'ingest');
  assert.deepEqual([away?.state, away?.message], ['away', 'connection refused']);
  instances.set('http://ingest', ingest);
  ingest[RECEIVED] = 7;
  await clock.advance(5_000);
  assert.equal(funnel()?.now.events.received, 6);
  instances.clear();
  await clock.advance(5_000);
  const trouble = metrics.trouble();
  assert.equal(trouble?.kind, 'unavailable');
  assert.match(trouble.message, /no service answers/);
});

test('a name with several addresses stands for several instances, and what they tell of a connector adds up', async (t) => {
  const { clock, start, names, metrics } = setUp(t, ['http://dispatcher']);
  names.set('http://dispatcher', ['http://10.0.0.1', 'http://10.0.0.2']);
  const one = start('http://10.0.0.1', 'dispatcher', START_MS);
  const two = start('http://10.0.0.2', 'dispatcher', START_MS);
  Object.assign(one, { [HALTED]: 0, [WAITING]: 2 });
  Object.assign(two, { [HALTED]: 1, [WAITING]: 3 });
  await clock.advance(5_000);
  const acme = valueIn(metrics.connectors())?.get('acme');
  assert.deepEqual([acme?.isHalted, acme?.waiting, acme?.lag], [true, 5, undefined]);
  names.set('http://dispatcher', ['http://10.0.0.1']);
  await clock.advance(5_000);
  assert.deepEqual(valueIn(metrics.connectors())?.get('acme')?.waiting, 2);
  assert.match(metrics.counts.lossesSince(0)[0]?.reason ?? '', /10.0.0.2 has ended/);
});

test('however many tabs look, each instance is asked once an interval', async (t) => {
  const { clock, start, asked, metrics } = setUp(t, ['http://dispatcher']);
  start('http://dispatcher', 'dispatcher', START_MS);
  for (let tab = 0; tab < 50; tab += 1) {
    await clock.advance(100);
    countedPanels(metrics, '1h', clock.nowMs());
    metrics.connectors();
  }
  assert.deepEqual(asked.length, 2);
});

test('without addresses the overview says what to set', async (t) => {
  const { metrics, clock } = setUp(t, []);
  const { funnel } = countedPanels(metrics, '5m', clock.nowMs());
  assert.match(funnel.kind === 'unavailable' ? funnel.message : '', /CONSOLE_SERVICE_URLS is not set/);
});
