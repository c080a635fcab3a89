import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createKafkaAdmin, createKafkaConnection, createRecordProducer, readTopic } from '@astrolabe/kafka';
import { setTopicSettings } from '@astrolabe/kafka/testing';
import { topicsFor, type ConsumedRecord, type Topics } from '@astrolabe/records';
import { groupCall, identifyCall, trackCall } from '@astrolabe/segment/testing';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { eventually, findFreePorts, spawnService, uniqueName } from '@astrolabe/testkit';
import { API_KEY, basicAuth, silentLogger } from './testing.ts';

const brokers = (process.env['KAFKA_BROKERS'] ?? assert.fail('KAFKA_BROKERS is not set: run this by npm test')).split(
  ',',
);
const connection = createKafkaConnection({ brokers, clientId: 'ingest-test', logger: silentLogger });
const authorization = basicAuth(`${API_KEY}:`);

interface Setting {
  readonly topics: Topics;
  readonly env: Readonly<Record<string, string>>;
}

/** Topic names of this test's own, and a connectors file. */
async function prepare(t: TestContext): Promise<Setting> {
  const prefix = `${uniqueName('ingest')}.`;
  const directory = await mkdtemp(join(tmpdir(), 'ingest-'));
  t.after(() => rm(directory, { recursive: true }));
  const connectorsFile = join(directory, 'connectors.json');
  await writeFile(connectorsFile, JSON.stringify({ connectors: [{ id: 'acme', name: 'Acme', apiKey: API_KEY }] }));
  const env = {
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_TOPIC_PREFIX: prefix,
    CONNECTORS_FILE: connectorsFile,
    INGEST_PORT: '0',
    INGEST_DRAIN_MS: '0',
  };
  return { topics: topicsFor(prefix), env };
}

async function createTopics(t: TestContext, { segmentEvents, segmentEventsDeadLetters }: Topics): Promise<void> {
  const admin = await createKafkaAdmin(connection);
  const topics = [segmentEvents, segmentEventsDeadLetters];
  await admin.applyTopics(await admin.planTopics(topics, 1));
  t.after(async () => {
    await admin.deleteTopics(topics.map(({ name }) => name));
    await admin.close();
  });
}

function startProcess(name: string, { env }: Setting, limits: { readonly maxOpenFiles?: number } = {}) {
  return spawnService({ name, entry: new URL('./main.ts', import.meta.url), env, ...limits });
}

/** The value of the metric whose line begins so. */
async function metric(adminUrl: string, line: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const found = text.split('\n').find((candidate) => candidate.startsWith(line));
  return Number(found?.slice(line.length) ?? 0);
}

async function readAll(topic: string): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await readTopic({ connection, topic }, (record) => records.push(record));
  return records;
}

async function post(url: string, body: unknown) {
  const signal = AbortSignal.timeout(60_000);
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body), headers: { authorization }, signal });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test('events answered 200 are on the topic, in order for each key, and rejected ones are dead-lettered', async (t) => {
  const setting = await prepare(t);
  await createTopics(t, setting.topics);
  const ingest = await startProcess('ingest', setting);
  t.after(() => ingest.stop());

  const sent: string[] = [];
  const batches = Array.from({ length: 20 }, (_, batch) =>
    Array.from({ length: 50 }, (_unused, index) =>
      trackCall(batch * 50 + index, { userId: `user-${batch}`, number: index }),
    ),
  );
  await Promise.all(
    batches.map(async (batch, number) => {
      const answer = await post(`${ingest.url}/v1/batch`, {
        batch: [...batch, { type: 'nonsense', userId: 'u', messageId: `bad-${number}` }],
      });
      assert.equal(answer.status, 200);
      sent.push(...batch.map(({ messageId }) => String(messageId)));
    }),
  );

  const stored = await readAll(setting.topics.segmentEvents.name);
  assert.deepEqual(stored.map(messageIdOf).sort(), sent.sort());
  for (const [user, records] of Map.groupBy(stored, ({ key }) => String(key))) {
    const numbers = records.map(({ value }) => (JSON.parse(String(value)) as { number: number }).number);
    assert.deepEqual(
      numbers,
      Array.from({ length: 50 }, (_, index) => index),
      user,
    );
  }
  const deadLetters = await readAll(setting.topics.segmentEventsDeadLetters.name);
  assert.equal(deadLetters.length, 20);
  assert.deepEqual(
    new Set(deadLetters.map(({ headers }) => String(headers['dlq.code']))),
    new Set(['event.unknown-type']),
  );
});

test('SIGTERM with requests in progress: each is answered, each 200 is on the topic, and the exit code is 0', async (t) => {
  const setting = await prepare(t);
  await createTopics(t, setting.topics);
  const ingest = await startProcess('ingest', setting);
  const acknowledged: string[] = [];
  let isStopping = false;
  const senders = Array.from({ length: 8 }, async (_, sender) => {
    for (let number = 0; !isStopping; number += 1) {
      const messageId = `m-${sender}-${number}`;
      const answer = await post(`${ingest.url}/v1/track`, trackCall(1, { messageId })).catch(() => undefined);
      if (answer?.status === 200) acknowledged.push(messageId);
    }
  });
  await eventually(() => acknowledged.length > 100, { timeoutMs: 30_000, describe: 'a hundred acknowledged events' });
  await ingest.stop();
  isStopping = true;
  await Promise.all(senders);
  const stored = new Set((await readAll(setting.topics.segmentEvents.name)).map(messageIdOf));
  assert.deepEqual(
    acknowledged.filter((messageId) => !stored.has(messageId)),
    [],
  );
});

test('started before its topics it waits, says for what, and starts once they exist', async (t) => {
  const setting = await prepare(t);
  const [adminPort] = await findFreePorts(1);
  const starting = startProcess('ingest', { ...setting, env: { ...setting.env, ADMIN_PORT: String(adminPort) } });
  await eventually(
    async () => {
      const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
      assert.equal(response.status, 503);
      return (await response.text()).includes('topics are missing');
    },
    { timeoutMs: 20_000, describe: 'the service to say that it waits for its topics' },
  );
  await createTopics(t, setting.topics);
  const ingest = await starting;
  t.after(() => ingest.stop());
  assert.ok(ingest.logs().some((line) => line.includes('waiting for') && line.includes('astrolabe topics apply')));
  assert.equal((await post(`${ingest.url}/segment`, identifyCall())).status, 200);
  assert.equal((await post(`${ingest.url}/v1/group`, groupCall())).status, 200);
  assert.equal((await fetch(`${ingest.adminUrl}/readyz`)).status, 200);
});

test('with 120 descriptors and 200 idle connections, an honest sender and a metrics reader still get in', async (t) => {
  const setting = await prepare(t);
  await createTopics(t, setting.topics);
  const ingest = await startProcess('ingest', setting, { maxOpenFiles: 120 });
  t.after(() => ingest.stop());
  const { hostname, port } = new URL(ingest.url);
  const idle = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      return socket.on('error', () => undefined);
    }),
  );
  t.after(() => idle.forEach((socket) => socket.destroy()));
  assert.equal((await post(`${ingest.url}/v1/track`, trackCall())).status, 200);
  assert.ok((await metric(ingest.adminUrl, 'ingest_closed_connections_total{reason="idle"}')) >= 160);
  assert.equal((await readAll(setting.topics.segmentEvents.name)).length, 1);
});

test('if an event is too large for the topic, the request is answered 200, the event dead-lettered and the others stored', async (t) => {
  const setting = await prepare(t);
  await createTopics(t, setting.topics);
  const ingest = await startProcess('ingest', setting);
  t.after(() => ingest.stop());
  const { segmentEvents, segmentEventsDeadLetters } = setting.topics;
  const admin = await createKafkaAdmin(connection);
  t.after(() => admin.close());
  // As an operator may lower it while ingest runs; `topics apply` never does.
  await setTopicSettings(admin, [segmentEvents.name], { 'max.message.bytes': '12000' });
  const probes = await untilLowered(t, segmentEvents);

  const ofBytes = (messageId: string, bytes: number) =>
    trackCall(1, { messageId, properties: { text: 'x'.repeat(bytes) } });
  const small = Array.from({ length: 9 }, (_, index) => ofBytes(`small-${index}`, 3_000));
  const batch = [...small.slice(0, 4), ofBytes('large', 20_000), ...small.slice(4)];
  const answer = await post(`${ingest.url}/v1/batch`, { batch });
  assert.deepEqual([answer.status, answer.body], [200, { success: true }]);

  const stored = (await readAll(segmentEvents.name)).filter(({ headers }) => headers[probes] === undefined);
  assert.deepEqual(new Set(stored.map(messageIdOf)), new Set(small.map(({ messageId }) => messageId)));
  const [deadLetter, ...others] = await readAll(segmentEventsDeadLetters.name);
  assert.deepEqual([deadLetter && messageIdOf(deadLetter), others], ['large', []]);
  assert.equal(String(deadLetter?.headers['dlq.code']), 'kafka.record-too-large');
  assert.match(String(deadLetter?.headers['dlq.message']), /raise message\.max\.bytes, then redrive it/);
  const line = `ingest_oversize_records_total{topic="${segmentEvents.name}"}`;
  assert.equal(await metric(ingest.adminUrl, line), 1);
});

/**
 * The brokers apply it a moment after they acknowledge it. Resolves with the header of the records stored until then.
 */
async function untilLowered(t: TestContext, { name: topic, partitions }: Topics['segmentEvents']): Promise<string> {
  const producer = await createRecordProducer({ connection, logger: silentLogger });
  t.after(() => producer.close());
  for (let partition = 0; partition < partitions; partition += 1) {
    const probe = { key: null, value: Buffer.alloc(15_000), headers: { probe: Buffer.from('') }, partition };
    const isRefused = (): Promise<boolean> =>
      producer.send(topic, [probe]).then(
        () => false,
        (error: unknown) => isPipelineError(error, 'kafka.record-too-large'),
      );
    await eventually(isRefused, { timeoutMs: 20_000, describe: 'the lower limit to be in effect' });
  }
  return 'probe';
}

function messageIdOf({ headers }: ConsumedRecord): string {
  return String(headers['message-id']);
}
