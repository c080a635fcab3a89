import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createInMemoryEventSink } from './event-sink.ts';
import { createStoreWatch } from './store-watch.ts';
import { silentLogger } from './testing.ts';

const noBroker = new PipelineError('kafka.unavailable', 'no broker answers', { retryable: true });
const nothing = { events: [], deadLetters: [] };

function setUp(t: TestContext) {
  const clock = createManualClock();
  const sink = createInMemoryEventSink();
  let probes = 0;
  let probeFault: Error | undefined;
  const watch = createStoreWatch({
    probe: () => {
      probes += 1;
      return probeFault === undefined ? Promise.resolve() : Promise.reject(probeFault);
    },
    clock,
    logger: silentLogger,
  });
  t.after(() => watch.close());
  const watched = watch.watch(sink);
  return {
    clock,
    watch,
    probes: () => probes,
    failWith: (fault: Error | undefined) => {
      sink.failWith(fault);
      probeFault = fault;
    },
    failProbesWith: (fault: Error | undefined) => {
      probeFault = fault;
    },
    store: () => watched.store(nothing).catch(() => undefined),
    rejected: () => watched.store(nothing),
  };
}

test('an instance that cannot store turns unready, says why, and is ready again by itself, without being sent anything', async (t) => {
  const { clock, watch, failWith } = setUp(t);
  assert.equal(watch.trouble(), undefined);
  failWith(noBroker);
  await clock.advance(10_000);
  assert.equal(watch.trouble(), 'events cannot be stored: no broker answers');
  failWith(undefined);
  await clock.advance(2_000);
  assert.match(String(watch.trouble()), /^events could not be stored: no broker answers; ready again when/);
  await clock.advance(6_000);
  assert.equal(watch.trouble(), undefined);
});

test('refused requests turn an instance unready, even where the brokers answer every probe', async (t) => {
  const { clock, watch, failWith, failProbesWith, store } = setUp(t);
  failWith(noBroker);
  failProbesWith(undefined);
  for (let second = 0; second <= 5; second += 1) {
    await store();
    await clock.advance(1_000);
  }
  assert.equal(watch.trouble(), 'events cannot be stored: no broker answers');
});

test('trouble that is over within the grace is not seen from outside', async (t) => {
  const { clock, watch, failWith, store } = setUp(t);
  failWith(noBroker);
  await store();
  await clock.advance(4_000);
  failWith(undefined);
  await store();
  await clock.advance(10_000);
  assert.equal(watch.trouble(), undefined);
});

test('the sender hears the fault of the sink, and nothing is probed while requests show how it goes', async (t) => {
  const { clock, probes, failWith, store, rejected } = setUp(t);
  for (let second = 0; second < 10; second += 1) {
    await store();
    await clock.advance(1_000);
  }
  assert.equal(probes(), 0);
  failWith(noBroker);
  await assert.rejects(rejected(), noBroker);
});

test('a stop does not wait for a probe that nobody answers', async () => {
  const clock = createManualClock();
  const watch = createStoreWatch({ probe: () => new Promise(() => undefined), clock, logger: silentLogger });
  await clock.advance(2_000);
  await watch.close();
  assert.deepEqual(clock.remainingSleepsMs(), []);
});

test('a defect is not taken for trouble of the store', async (t) => {
  const { clock, watch, failWith, failProbesWith, store } = setUp(t);
  failWith(new TypeError('a defect of ours'));
  failProbesWith(undefined);
  for (let second = 0; second < 10; second += 1) {
    await store();
    await clock.advance(1_000);
  }
  assert.equal(watch.trouble(), undefined);
});
