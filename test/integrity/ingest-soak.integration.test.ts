/**
 * Ingest under load while its broker is stopped, killed and started again. A stack of its own: nobody else's broker is
 * harmed.
 *
 * A longer run, without the runner's time limits: `SOAK_SECONDS=600 node --test
 * test/integrity/ingest-soak.integration.test.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, ownStackEnvironment, startLocalStack } from '@astrolabe/testkit';
import { startIngestOnBroker, WRITE_KEY } from '../contract/ingest-on-broker.ts';
import { watchHealth, type HealthSample } from './health-watch.ts';
import { heldHeapBytes, measurable } from './held-heap.ts';
import { startSteadySenders } from './steady-senders.ts';

const env = ownStackEnvironment(process.env);

const DEFAULT_SECONDS = 25;
const soakMs = Number(process.env['SOAK_SECONDS'] ?? DEFAULT_SECONDS) * 1000;
/** Start of the stack, recovery of the broker after a kill, repeated requests, reading and the stop at the end. */
const BESIDES_MS = 600_000;

const SENDERS = 16;
/** Short, so that several requests of each sender fail in each outage. */
const PRODUCE_TIMEOUT_MS = 2_000;
const SHUTDOWN_TIMEOUT_MS = 10_000;
/**
 * Of resident memory, at any time. Requests of 16 senders are a few hundred KB in all; the rest is garbage that is not
 * yet collected, more of it where the machine is busy.
 */
const MAX_GROWTH_BYTES = 150_000_000;
/**
 * Of the heap after a collection. The process is seconds old when it is measured first, and goes on compiling and
 * optimising its code.
 */
const MAX_HELD_GROWTH_BYTES = 6_000_000;

test(
  'Kafka is stopped and killed under load: every event that was answered 200 is on the topic, and no process died',
  { timeout: soakMs + BESIDES_MS },
  async (t) => {
    const stack = await startLocalStack({ env, log: (line) => t.diagnostic(line) });
    const closings: (() => Promise<unknown>)[] = [() => stack.stop()];
    t.after(async () => {
      for (const close of closings.toReversed()) await close();
    });
    const { kafka, kafkaBrokers } = stack;
    assert.ok(kafka, 'a broker that this test may stop');
    const ingest = await startIngestOnBroker({
      kafkaBrokers,
      env: {
        ...measurable,
        INGEST_PRODUCE_TIMEOUT_MS: String(PRODUCE_TIMEOUT_MS),
        INGEST_DRAIN_MS: '0',
        SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
      },
    });
    closings.push(() => ingest.close());
    const { process: service } = ingest;
    let exit: unknown;
    void service.exited.then((ended) => {
      exit = ended;
    });

    const health = watchHealth(service.adminUrl);
    closings.push(() => health.stop());
    const startedAtMs = Date.now();
    const until = (share: number): Promise<void> => sleep(Math.max(0, startedAtMs + share * soakMs - Date.now()));
    const senders = startSteadySenders({
      url: service.url,
      writeKey: WRITE_KEY,
      senders: SENDERS,
      batchSize: 10,
      pauseMs: 20,
    });
    closings.push(() => senders.finish(0).catch(() => undefined));

    const storedMore = (count: number): Promise<unknown> =>
      eventually(() => senders.report().acknowledged.size >= count, {
        timeoutMs: 60_000,
        describe: `${count} events to be stored`,
      });

    await until(0.2);
    await storedMore(1);
    const beforeOutages = health.samples.at(-1);
    const heldBefore = await heldHeapBytes(service);
    await kafka.stop();
    await until(0.4);
    await kafka.start();
    const acknowledgedIn = senders.report().acknowledged.size;
    await until(0.65);
    // However long the broker took: all senders come to have something stored again.
    await storedMore(acknowledgedIn + SENDERS * 10);
    const heldBetween = await heldHeapBytes(service);
    const acknowledgedBetween = senders.report().acknowledged.size;
    await kafka.kill();
    await until(0.7);
    await kafka.start();
    await until(1);
    await storedMore(acknowledgedBetween + SENDERS * 10);
    const { acknowledged, statuses, retryAfters, faults } = await senders.finish(120_000);
    const heldAfter = await heldHeapBytes(service);
    const stored = await ingest.storedMessageIds();

    const distinct = new Set(stored);
    t.diagnostic(
      `${acknowledged.size} events acknowledged, ${stored.length} records stored; requests by status ${JSON.stringify([...statuses])}`,
    );
    // Each sender repeats what it began until it is acknowledged, so nothing else can be there either.
    assertNone(
      [...acknowledged].filter((messageId) => !distinct.has(messageId)),
      'acknowledged but lost',
    );
    assertNone(
      [...distinct].filter((messageId) => !acknowledged.has(messageId)),
      'stored but never acknowledged',
    );
    assertNone(faults, 'requests with another answer than 200 and 503');
    assert.ok((statuses.get(503) ?? 0) >= SENDERS, 'the outages were felt');
    for (const retryAfter of retryAfters) assert.match(retryAfter ?? 'none', /^[1-9]\d{0,2}$/);
    assert.equal(exit, undefined, 'ingest runs');
    assert.equal(await ingest.deadLetterCount(), 0);

    const peakBytes = Math.max(...health.samples.map(({ residentBytes }) => residentBytes));
    const growthBytes = peakBytes - (beforeOutages?.residentBytes ?? Number.NaN);
    t.diagnostic(`resident memory at most ${mb(peakBytes)}, ${mb(growthBytes)} more than before the outages`);
    assert.ok(growthBytes < MAX_GROWTH_BYTES, `memory stays flat; it grew by ${mb(growthBytes)}`);
    const held = [heldBefore, heldBetween, heldAfter].map(mb).join(', ');
    t.diagnostic(`heap after a collection before, between and after the outages: ${held}`);
    const heldGrowthBytes = Math.max(heldBetween, heldAfter) - Math.min(heldBefore, heldBetween);
    assert.ok(heldGrowthBytes < MAX_HELD_GROWTH_BYTES, `outages leave nothing behind: ${held}`);
    assert.equal(health.samples.at(-1)?.inFlightBytes, 0, 'nothing is held once everything is answered');
    const isReady = (): boolean => health.samples.at(-1)?.readyz === 200;
    await eventually(isReady, { timeoutMs: 60_000, describe: 'ingest to be ready again' });
    assertHonest(health.samples);

    await t.test('SIGTERM while Kafka is away: what is under way is answered 503, and the exit code is 0', async () => {
      await kafka.stop();
      const late = startSteadySenders({ url: service.url, writeKey: WRITE_KEY, senders: 4, batchSize: 10, pauseMs: 0 });
      await sleep(500);
      const signalledAtMs = Date.now();
      service.kill('SIGTERM');
      const { code, signal } = await service.exited;
      await health.stop();
      await assert.rejects(late.finish(0));
      // A process that is not done within SHUTDOWN_TIMEOUT_MS ends itself with another code.
      assert.deepEqual({ code, signal }, { code: 0, signal: null }, service.logs().slice(-10).join('\n'));
      const { statuses: lateStatuses, acknowledged: lateAcknowledged } = late.report();
      assert.equal(lateAcknowledged.size, 0);
      assert.ok((lateStatuses.get(503) ?? 0) >= 4, JSON.stringify([...lateStatuses]));
      const stopping = health.samples.filter(({ atMs, readyz }) => atMs > signalledAtMs && readyz !== 0);
      assert.ok(
        stopping.length > 0 && stopping.slice(1).every(({ readyz }) => readyz === 503),
        'not ready while it stops',
      );
    });
  },
);

/** Some of them do for a message: comparing lists of ten thousands would keep the process busy for minutes. */
function assertNone(items: readonly string[], what: string): void {
  assert.ok(items.length === 0, `${what}: ${items.length}, such as ${items.slice(0, 5).join(', ')}`);
}

/** Alive at each look; and where it called itself not ready, it said why. */
function assertHonest(samples: readonly HealthSample[]): void {
  assert.deepEqual(
    samples.filter(({ livez }) => livez !== 200),
    [],
  );
  for (const { readyz, reasons } of samples) {
    assert.ok(readyz === 200 || (readyz === 503 && /kafka/i.test(reasons)), `/readyz: ${readyz} ${reasons}`);
  }
}

function mb(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
