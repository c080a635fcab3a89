/**
 * Two dispatchers that share a connector's limits. What is asserted cannot fail on a slow machine: a call that is late
 * at the API makes the calls so far fewer, and one that the API has in hand is in flight for its dispatcher too.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandId, type Command } from '@astrolabe/schemas';
import { eventually, parsePrometheusText, sumOf, type ServiceProcess } from '@astrolabe/testkit';
import { startDispatchersOnBroker } from './dispatchers-on-broker.ts';

const CONNECTOR = 'acme';
const CALLS_PER_SECOND = 20;
const CONCURRENT_CALLS = 4;
/** The wall clock, by which the API and this test tell the time, is set now and then. */
const CLOCK_MS = 50;
const DELAY_MS = 100;

test('in no second do all instances together make more calls than callsPerSecond', async (t) => {
  const pipeline = await startDispatchersOnBroker(t, [CONNECTOR], {});
  await pipeline.editDelivery({ [CONNECTOR]: { callsPerSecond: CALLS_PER_SECOND } });
  const first = await pipeline.start('dispatcher-1');
  const second = await pipeline.start('dispatcher-2');
  const arrivals = (): number[] => pipeline.api.calls.all().map(({ atMs }) => atMs);
  /** The times of the calls for so many commands, which are all sent after `fromMs`. */
  const callTimes = async (from: number, count: number): Promise<readonly number[]> => {
    await pipeline.produce(commandsOf(from, count));
    await eventually(() => arrivals().length >= from + count, { timeoutMs: 60_000, describe: 'all calls' });
    return arrivals().slice(from);
  };

  await untilShares([first, second], 0.5);
  const bothFromMs = Date.now();
  assertWithin(CALLS_PER_SECOND, bothFromMs, await callTimes(0, 100));
  for (const { adminUrl } of [first, second]) {
    const delivered = await metricOf(adminUrl, 'dispatcher_commands_total', { outcome: 'delivered' });
    assert.ok(delivered > 0, 'both have made calls');
  }

  // It has nothing under way when it leaves, and its share goes to the other.
  await second.stop();
  const oneFromMs = Date.now();
  assertWithin(CALLS_PER_SECOND, oneFromMs, await callTimes(100, 60));
  await untilShares([first], 1);
  assert.equal(arrivals().length, 160, 'each command is called for once');
  assert.deepEqual(await pipeline.deadLetters(), []);
});

test('all instances together have as many calls in flight as maxConcurrentCalls at most', async (t) => {
  const pipeline = await startDispatchersOnBroker(t, [CONNECTOR], {});
  const { api } = pipeline;
  await pipeline.editDelivery({ [CONNECTOR]: { maxConcurrentCalls: CONCURRENT_CALLS } });
  api.faults.add({ kind: 'delay', delayMs: DELAY_MS, match: { connector: CONNECTOR } });
  await untilShares([await pipeline.start('dispatcher-1'), await pipeline.start('dispatcher-2')], 0.5);
  let mostInFlight = 0;
  const watching = setInterval(() => {
    const inFlight = api.calls.all().filter(({ status }) => status === null).length;
    mostInFlight = Math.max(mostInFlight, inFlight);
  }, 5);
  await pipeline.produce(commandsOf(0, 100));
  await eventually(() => pipeline.isDrained(), { timeoutMs: 60_000, describe: 'all to be committed' });
  clearInterval(watching);
  assert.equal(api.calls.all().length, 100);
  t.diagnostic(`${mostInFlight} calls in flight at most`);
  assert.ok(mostInFlight <= CONCURRENT_CALLS, `${mostInFlight} calls in flight`);
});

/** The call after so many a second for n seconds comes no sooner than after n seconds. */
function assertWithin(callsPerSecond: number, fromMs: number, timesMs: readonly number[]): void {
  for (const [index, atMs] of timesMs.toSorted((a, b) => a - b).entries()) {
    const seconds = Math.floor(index / callsPerSecond);
    const passedMs = atMs - fromMs;
    assert.ok(passedMs >= seconds * 1_000 - CLOCK_MS, `${index + 1} calls within ${passedMs} ms`);
  }
}

async function untilShares(services: readonly ServiceProcess[], share: number): Promise<void> {
  await eventually(
    async () => {
      for (const { adminUrl } of services) {
        for (const limit of ['calls_per_second', 'concurrent_calls']) {
          assert.equal(await metricOf(adminUrl, 'dispatcher_limit_share_ratio', { limit }), share);
        }
      }
      return true;
    },
    { timeoutMs: 60_000, describe: `each of ${services.length} dispatchers to have a share of ${share}` },
  );
}

async function metricOf(adminUrl: string, name: string, labels: Readonly<Record<string, string>>): Promise<number> {
  return sumOf(parsePrometheusText(await (await fetch(`${adminUrl}/metrics`)).text()), name, labels);
}

/** Each of a user of its own, so that they are on all partitions. */
function commandsOf(from: number, count: number): Command[] {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const messageId = `m-${number}`;
    const ids = { commandId: commandId(CONNECTOR, messageId, 'UpsertUser'), connectorId: CONNECTOR, messageId };
    const times = { occurredAt: Date.UTC(2026, 0, 1) + number, receivedAt: Date.UTC(2026, 0, 1) + number };
    return { kind: 'UpsertUser', record: { ...ids, ...times, userId: `user-${number}`, properties: { number } } };
  });
}
