/** Whether an instance is given requests, as a load balancer sees it: a process, and a broker that comes and goes. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createKafkaAdmin, createKafkaConnection } from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import { trackCall } from '@astrolabe/segment/testing';
import { eventually, ownStackEnvironment, spawnService, startLocalStack, uniqueName } from '@astrolabe/testkit';
import { API_KEY, basicAuth, silentLogger } from './testing.ts';

const sharedBrokers = process.env['KAFKA_BROKERS'] ?? assert.fail('KAFKA_BROKERS is not set: run this by npm test');

/** What a test has opened is closed in reverse, also where the test fails on the way. */
function closings(t: TestContext): (() => unknown)[] {
  const all: (() => unknown)[] = [];
  t.after(async () => {
    for (const close of all.toReversed()) await close();
  });
  return all;
}

/** A signal so soon after another counts as the same one; doubled, since it is delivered in its own time. */
const SAME_REQUEST_MS = 500;

async function startIngest(closing: (() => unknown)[], brokers: string, env: Readonly<Record<string, string>>) {
  const prefix = `${uniqueName('readiness')}.`;
  const { segmentEvents, segmentEventsDeadLetters } = topicsFor(prefix);
  const topics = [segmentEvents, segmentEventsDeadLetters];
  const connection = createKafkaConnection({ brokers: brokers.split(','), clientId: 'test', logger: silentLogger });
  const admin = await createKafkaAdmin(connection);
  closing.push(
    () => admin.close(),
    () => admin.deleteTopics(topics.map(({ name }) => name)),
  );
  await admin.applyTopics(await admin.planTopics(topics, 1));
  const directory = await mkdtemp(join(tmpdir(), 'ingest-'));
  closing.push(() => rm(directory, { recursive: true }));
  const connectorsFile = join(directory, 'connectors.json');
  await writeFile(connectorsFile, JSON.stringify({ connectors: [{ id: 'acme', name: 'Acme', apiKey: API_KEY }] }));
  const ingest = await spawnService({
    name: 'ingest',
    entry: new URL('./main.ts', import.meta.url),
    env: {
      KAFKA_BROKERS: brokers,
      KAFKA_TOPIC_PREFIX: prefix,
      CONNECTORS_FILE: connectorsFile,
      INGEST_PORT: '0',
      INGEST_PRODUCE_TIMEOUT_MS: '2000',
      ...env,
    },
  });
  closing.push(() => {
    ingest.kill('SIGKILL');
    return ingest.exited;
  });
  const { url, adminUrl } = ingest;
  const readiness = async () => {
    const response = await fetch(`${adminUrl}/readyz`);
    return { status: response.status, body: await response.text() };
  };
  const send = async () => {
    const headers = { authorization: basicAuth(`${API_KEY}:`) };
    const response = await fetch(`${url}/v1/track`, { method: 'POST', body: JSON.stringify(trackCall()), headers });
    await response.arrayBuffer();
    return { status: response.status, connection: response.headers.get('connection') };
  };
  const isLive = async () => (await fetch(`${adminUrl}/livez`)).ok;
  return { ingest, readiness, send, isLive };
}

test('an instance that cannot store turns unready, says why, and is ready again by itself, without being sent anything', async (t) => {
  const stack = await startLocalStack({ env: ownStackEnvironment(process.env) });
  const closing = closings(t);
  closing.push(() => stack.stop());
  const { kafka } = stack;
  assert.ok(kafka);
  const { readiness, send, isLive } = await startIngest(closing, kafka.address, { INGEST_DRAIN_MS: '0' });
  assert.equal((await send()).status, 200);
  assert.equal((await readiness()).status, 200);

  await kafka.stop();
  const unready = async () => (await readiness()).body.includes('events cannot be stored: ');
  await eventually(unready, { timeoutMs: 60_000, describe: 'the instance to turn unready' });
  assert.equal((await readiness()).status, 503);
  assert.equal(await isLive(), true);

  await kafka.start();
  const ready = async () => (await readiness()).status === 200;
  await eventually(ready, { timeoutMs: 60_000, describe: 'the instance to be ready again' });
  assert.equal((await send()).status, 200);
});

test('a server that drains stores what comes, and each connection ends with its next answer', async (t) => {
  const { ingest, readiness, send, isLive } = await startIngest(closings(t), sharedBrokers, {
    INGEST_DRAIN_MS: '600000',
  });
  assert.deepEqual(await send(), { status: 200, connection: 'keep-alive' });
  ingest.kill('SIGTERM');
  const signalledAtMs = performance.now();
  const draining = async () => (await readiness()).body.includes('draining');
  await eventually(draining, { timeoutMs: 20_000, describe: 'the instance to drain' });
  assert.equal((await readiness()).status, 503);
  assert.equal(await isLive(), true);
  do assert.deepEqual(await send(), { status: 200, connection: 'close' });
  while (performance.now() - signalledAtMs <= SAME_REQUEST_MS);
  ingest.kill('SIGTERM');
  assert.deepEqual(await ingest.exited, { code: 0, signal: null });
});

test('a drain ends by itself after its time', async (t) => {
  const { ingest, send } = await startIngest(closings(t), sharedBrokers, { INGEST_DRAIN_MS: '300' });
  assert.equal((await send()).status, 200);
  ingest.kill('SIGTERM');
  assert.deepEqual(await ingest.exited, { code: 0, signal: null });
  assert.ok(ingest.logs().some((line) => line.includes('ingest draining')));
});
