/**
 * One connector's API hangs on every call and another one's answers 503 only, under load: the third one's commands all
 * have their effect while the trouble lasts, memory is bounded, and when the trouble is over the commands of the other
 * two drain in order.
 *
 * How fresh the third one's are is measured, and judged in the long form only, on a machine that does nothing else:
 * `ISOLATION_SECONDS=120 npm run with-stack -- node --test test/integrity/dispatcher-isolation.integration.test.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandId, type Command } from '@astrolabe/schemas';
import { eventually } from '@astrolabe/testkit';
import { startDispatchersOnBroker } from './dispatchers-on-broker.ts';

const longForm = process.env['ISOLATION_SECONDS'];
const TROUBLE_MS = Number(longForm ?? 20) * 1_000;
const API_TIMEOUT_MS = 5_000;
/** More than before, where that is more than twice as much. */
const ALLOWANCE_MS = 100;
const BEFORE_MS = Math.max(10_000, TROUBLE_MS / 4);
const TICK_MS = 50;
/** Of each connector in each tick: 200 commands a second. */
const PER_TICK = 10;
const USERS = 500;
const GOOD = 'good';
const HANGING = 'hanging';
const FAILING = 'failing';
const CONNECTORS = [GOOD, HANGING, FAILING] as const;
const MAX_GROWTH_BYTES = 150_000_000;

test('a connector that hangs and one that answers only 503 cost the others nothing, and drain in order afterwards', async (t) => {
  const pipeline = await startDispatchersOnBroker(t, CONNECTORS, {
    DISPATCHER_API_TIMEOUT_MS: String(API_TIMEOUT_MS),
    DISPATCHER_LAG_AFTER_MS: '5000',
    DISPATCHER_CIRCUIT_MAX_PAUSE_MS: '4000',
    // So small that what the two have waiting fills it many times over.
    DISPATCHER_MAX_BUFFERED_RECORDS: '500',
    DISPATCHER_LAG_WINDOW_RECORDS: '100',
  });
  const { api } = pipeline;
  const service = await pipeline.start('dispatcher');

  const order = new Map<string, string[]>();
  const producedAtMs = new Map<string, number>();
  let count = 0;
  const produceFor = async (durationMs: number): Promise<void> => {
    const startedAtMs = Date.now();
    for (let tick = 1; tick * TICK_MS <= durationMs; tick += 1) {
      const commands: Command[] = [];
      for (let each = 0; each < PER_TICK * CONNECTORS.length; each += 1) {
        const connectorId = CONNECTORS[each % CONNECTORS.length] ?? GOOD;
        const userId = `user-${Math.floor(count / CONNECTORS.length) % USERS}`;
        const messageId = `m-${count}`;
        const id = commandId(connectorId, messageId, 'UpsertUser');
        const nowMs = Date.now();
        const key = `${connectorId} ${userId}`;
        order.set(key, [...(order.get(key) ?? []), id]);
        producedAtMs.set(id, nowMs);
        const common = { commandId: id, connectorId, messageId, occurredAt: nowMs + each, receivedAt: nowMs };
        commands.push({ kind: 'UpsertUser', record: { ...common, userId, properties: { count } } });
        count += 1;
      }
      await pipeline.produce(commands);
      await sleep(Math.max(0, startedAtMs + tick * TICK_MS - Date.now()));
    }
  };
  const appliedOfGood = (): number =>
    new Set(
      api.calls
        .all()
        .filter(({ connector, applied }) => connector === GOOD && applied > 0)
        .map(({ idempotencyKey }) => idempotencyKey),
    ).size;
  /** Of the good connector's commands that were produced between two times. */
  const freshnessP99Ms = (fromMs: number, toMs: number): number => {
    const waits: number[] = [];
    for (const { connector, idempotencyKey, atMs, applied } of api.calls.all()) {
      const producedMs = producedAtMs.get(idempotencyKey ?? '') ?? 0;
      if (connector === GOOD && applied > 0 && producedMs >= fromMs && producedMs < toMs) waits.push(atMs - producedMs);
    }
    waits.sort((a, b) => a - b);
    assert.ok(waits.length > 0);
    return waits[Math.floor(waits.length * 0.99)] ?? Infinity;
  };

  await produceFor(3_000);
  const beforeFromMs = Date.now();
  await produceFor(BEFORE_MS);
  const beforeToMs = Date.now();
  await sleep(500);
  const before = freshnessP99Ms(beforeFromMs, beforeToMs);
  const residentBefore = await residentBytes(service.adminUrl);

  api.faults.add(
    { kind: 'hang', match: { connector: HANGING } },
    { kind: 'status', status: 503, match: { connector: FAILING } },
  );
  const troubleFromMs = Date.now();
  let residentPeak = 0;
  const watching = setInterval(() => {
    void residentBytes(service.adminUrl).then((bytes) => (residentPeak = Math.max(residentPeak, bytes)));
  }, 1_000);
  await produceFor(TROUBLE_MS);
  const troubleToMs = Date.now();
  await sleep(1_000);
  clearInterval(watching);
  const during = freshnessP99Ms(troubleFromMs, troubleToMs);
  const growth = Math.max(0, residentPeak - residentBefore);
  t.diagnostic(
    `p99 freshness of the others: ${before} ms before, ${during} ms during; memory ${mb(growth)} more at most`,
  );

  // The trouble lasts until the third connector has nothing left to do.
  await eventually(() => appliedOfGood() === count / CONNECTORS.length, {
    timeoutMs: 60_000,
    intervalMs: 250,
    describe: 'the effects of the connector without trouble',
  });
  api.faults.clear();
  const clearedAtMs = Date.now();
  await eventually(() => pipeline.isDrained(), { timeoutMs: 90_000, intervalMs: 250, describe: 'all to be committed' });
  t.diagnostic(`drained ${Date.now() - clearedAtMs} ms after the end of the trouble`);
  const firstApplied = new Map<string, number>();
  for (const { idempotencyKey, applied, sequence } of api.calls.all()) {
    if (applied > 0 && idempotencyKey !== null) firstApplied.set(idempotencyKey, sequence);
  }
  assert.equal(firstApplied.size, count, 'every command has its effect');
  assert.deepEqual(await pipeline.deadLetters(), []);
  for (const [key, commandIds] of order) {
    const sequences = commandIds.map((commandId) => firstApplied.get(commandId) ?? -1);
    assert.deepEqual(
      sequences,
      sequences.toSorted((a, b) => a - b),
      `the commands of ${key} arrive in their order`,
    );
  }
  assert.ok(growth < MAX_GROWTH_BYTES, `memory grew by ${mb(growth)}`);
  if (longForm === undefined) return;
  assert.ok(during <= Math.max(2 * before, before + ALLOWANCE_MS), `p99 was ${before} ms and became ${during} ms`);
});

async function residentBytes(adminUrl: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(/^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)$/m.exec(text)?.[1]);
}

function mb(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
