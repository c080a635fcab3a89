/**
 * The whole pipeline on a broker with TLS, SCRAM and an authorizer, where every user has exactly the rights that
 * `astrolabe acls print` prints: topics, events, users at the API, and all that an operator does.
 */
import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createRecordProducer } from '@astrolabe/kafka';
import { toHeaders, topicsFor } from '@astrolabe/records';
import { startReferenceApi, type RunningReferenceApi } from '@astrolabe/reference-api';
import { eventually } from '@astrolabe/testkit';
import { jsonLines, runAstrolabe, type Invocation } from '../../cli/src/testing/run-astrolabe.ts';
import { allow, disallow, parsePrintedAcls } from './access-rules.ts';
import { connectAs, logger, startSecuredKafka, type SecuredKafka } from './secured-kafka.ts';
import { startService, type ServiceName } from './started-service.ts';

const PREFIX = 'eu.';
const KEY = 'secured-key';
const topics = topicsFor(PREFIX, 1);
let kafka: SecuredKafka;
let api: RunningReferenceApi;
let connectorsFile: string;
const closings: (() => Promise<unknown>)[] = [];

before(async () => {
  // Every login is repeated again and again while the pipeline works.
  kafka = await startSecuredKafka({ sessionMs: 4_000 });
  closings.push(() => kafka.stop());
  api = await startReferenceApi({ apiKeys: [{ connector: 'acme', key: KEY }] });
  closings.push(() => api.close());
  connectorsFile = await kafka.write(
    'connectors.json',
    JSON.stringify({ connectors: [{ id: 'acme', name: 'Acme', apiKey: KEY }] }),
  );
});
after(async () => {
  for (const close of closings.toReversed()) await close();
});

/** Runs the program as a user of the brokers. Fails the test with its words where it exits with another code. */
async function runAs(user: string, args: readonly string[], expected = 0): Promise<Invocation> {
  const env = { ...(await connectAs(kafka, user)), ...shared(), KAFKA_PARTITIONS: '1', KAFKA_REPLICATION_FACTOR: '1' };
  const done = await runAstrolabe(args, env);
  assert.equal(done.exitCode, expected, `${args.join(' ')}: ${done.stderr}\n${done.stdout}`);
  return done;
}

const shared = () => ({
  KAFKA_TOPIC_PREFIX: PREFIX,
  SCHEMA_REGISTRY_URL: kafka.stack.schemaRegistryUrl,
  CONNECTORS_FILE: connectorsFile,
  DISPATCHER_API_URL: api.url,
});

async function environmentOf(service: ServiceName): Promise<Readonly<Record<string, string>>> {
  const own = {
    ingest: { INGEST_PORT: '0', INGEST_DRAIN_MS: '0' },
    mapper: {},
    dispatcher: { DISPATCHER_LEDGER_DIRECTORY: await mkdtemp(join(kafka.folder, 'ledger-')) },
  };
  const { DISPATCHER_API_URL: apiUrl, ...rest } = shared();
  const url = service === 'dispatcher' ? { DISPATCHER_API_URL: apiUrl } : {};
  return { ...(await connectAs(kafka, service)), ...rest, ...url, ...own[service] };
}

const planOf = async (userId: string): Promise<unknown> => {
  const answer = await fetch(`${api.url}/v1/users/${userId}`, { headers: { authorization: `Bearer ${KEY}` } });
  return answer.status === 200
    ? ((await answer.json()) as { properties?: { plan?: unknown } }).properties?.plan
    : undefined;
};

test('an event becomes a user, and an operator does all of their work, where each user has exactly the printed rights', async (t) => {
  const printed = await runAstrolabe(['acls', 'print'], { KAFKA_TOPIC_PREFIX: PREFIX });
  const acls = parsePrintedAcls(printed.stdout);
  await runAs('operator', ['acls', 'check'], 1);
  await allow(kafka.superuser, acls);
  await runAs('setup', ['topics', 'apply', '--execute']);
  await runAs('setup', ['topics', 'check']);
  await runAs('setup', ['schemas', 'apply', '--execute']);

  const [ingest, mapper, dispatcher] = await Promise.all(
    (['ingest', 'mapper', 'dispatcher'] as const).map(async (name) => startService(t, name, await environmentOf(name))),
  );
  assert.ok(ingest && mapper && dispatcher);
  for (const service of [ingest, mapper, dispatcher]) await service.untilReady();
  const { url } = await ingest.serving;
  const stored = await fetch(`${url}/v1/identify`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ userId: 'u1', messageId: 'm1', traits: { plan: 'pro' } }),
  });
  assert.equal(stored.status, 200, await stored.text());
  await eventually(async () => (await planOf('u1')) === 'pro', { timeoutMs: 60_000, describe: 'the user at the API' });

  // Nobody can map this; the operator finds it, and sends it again.
  const producer = await createRecordProducer({ connection: kafka.superuser, logger });
  const headers = { 'connector-id': 'acme', 'message-id': 'm2', 'received-at': '2026-11-24T10:00:00.000Z' };
  await producer.send(topics.segmentEvents.name, [
    {
      key: Buffer.from('["acme","user","u2"]'),
      value: Buffer.from('{"type":"nonsense"}'),
      headers: toHeaders(headers),
    },
  ]);
  await producer.close();
  const listed = async () =>
    jsonLines<{ readonly waiting: number }>(await runAs('operator', ['dlq', 'list', '--json']))[0]?.waiting;
  await eventually(async () => (await listed()) === 1, { timeoutMs: 60_000, describe: 'the dead letter' });
  await runAs('operator', ['dlq', 'redrive', '--all', '--execute']);
  await runAs('operator', ['dlq', 'dismiss', '--all', '--reason', 'nonsense', '--execute']);
  await runAs('operator', ['lag', '--by-connector', '--interval', '10ms']);
  await runAs('operator', ['tail', 'events', '--to-earliest', '--max-messages', '1']);
  await runAs('operator', ['trace', 'm1']);
  await runAs('operator', ['replay', 'commands', '--to-earliest', '--execute', '--detach']);
  await runAs('operator', ['acls', 'check']);
  const doctor = await runAs('operator', ['doctor']);
  assert.doesNotMatch(doctor.stdout, /^FAIL/m, doctor.stdout);
  for (const { lines } of [ingest, mapper, dispatcher]) {
    assert.deepEqual(
      lines.filter(({ level }) => level === 'error'),
      [],
    );
  }

  // What is taken away is told with the command that gives it back.
  const group = acls.filter(
    ({ principal, resourceName }) => principal === 'User:mapper' && resourceName === 'eu.astrolabe.mapper',
  );
  await disallow(kafka.superuser, group);
  const short = await runAs('operator', ['acls', 'check', 'mapper'], 1);
  assert.match(
    short.stdout,
    /lacks Read on consumer group eu\.astrolabe\.mapper.*\n +> kafka-acls\.sh .*--add --allow-principal User:mapper --operation Read --group eu\.astrolabe\.mapper\n/,
  );
  await allow(kafka.superuser, parsePrintedAcls(short.stdout.replaceAll('    > ', '')));
  await runAs('operator', ['acls', 'check', 'mapper']);
});
