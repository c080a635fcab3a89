import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import '@astrolabe/kafka';
import { Kafka, Partitioners, logLevel } from 'kafkajs';
import { runOwner } from '../../fixtures/run-owner.ts';
import { eventually } from '../eventually.ts';
import { startLocalStack, type LocalStack } from './local-stack.ts';
import { ownStackEnvironment } from './own-stack-environment.ts';
import { acceptsConnection } from '../stack/readiness.ts';

/**
 * Whatever this machine can run, but a stack of the test's own: the shared one that the runner names must not be
 * broken.
 */
const env = ownStackEnvironment(process.env);

async function temporaryDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'local-stack-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  return directory;
}

function clientOf(stack: LocalStack): Kafka {
  return new Kafka({
    brokers: [stack.kafkaBrokers],
    logLevel: logLevel.NOTHING,
    requestTimeout: 1_000,
    retry: { initialRetryTime: 50, retries: 2 },
  });
}

async function registerSchema(stack: LocalStack, subject: string): Promise<unknown> {
  const schema = JSON.stringify({ type: 'record', name: 'Probe', fields: [] });
  const response = await fetch(`${stack.schemaRegistryUrl}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema }),
  });
  return response.json();
}

async function subjects(stack: LocalStack): Promise<unknown> {
  return (await fetch(`${stack.schemaRegistryUrl}/subjects`)).json();
}

async function topicsOf(stack: LocalStack): Promise<string[]> {
  const admin = clientOf(stack).admin();
  await admin.connect();
  try {
    return (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
  } finally {
    await admin.disconnect();
  }
}

async function createTopic(stack: LocalStack, topic: string): Promise<void> {
  const admin = clientOf(stack).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
  await admin.disconnect();
}

test('a broker that was stopped, killed or frozen serves again at its address, with its data', async (t) => {
  const stack = await startLocalStack({ env, log: (line) => t.diagnostic(line) });
  t.after(() => stack.stop());
  const { kafka } = stack;
  assert.ok(kafka);
  assert.equal(kafka.address, stack.kafkaBrokers);
  await createTopic(stack, 'kept');

  await kafka.stop();
  await assert.rejects(acceptsConnection(kafka.address));
  await kafka.start();
  assert.deepEqual(await topicsOf(stack), ['kept']);

  await kafka.kill();
  await assert.rejects(acceptsConnection(kafka.address));
  await kafka.start();
  assert.deepEqual(await topicsOf(stack), ['kept']);

  await kafka.pause();
  await assert.rejects(topicsOf(stack));
  await kafka.resume();
  assert.deepEqual(await topicsOf(stack), ['kept']);
});

test('with a data folder topics, records and schemas are there after a stop, and without one nothing is', async (t) => {
  const dataDir = await temporaryDirectory(t);
  const first = await startLocalStack({ env, dataDir });
  await createTopic(first, 'kept');
  const producer = clientOf(first).producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic: 'kept', messages: [{ partition: 1, value: 'x' }] });
  await producer.disconnect();
  const registered = await registerSchema(first, 'kept-value');
  await first.stop();

  const second = await startLocalStack({ env, dataDir });
  t.after(() => second.stop());
  assert.deepEqual(await topicsOf(second), ['kept']);
  const admin = clientOf(second).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets('kept');
  await admin.disconnect();
  assert.deepEqual(offsets.map(({ partition, high }) => [partition, high]).sort(), [
    [0, '0'],
    [1, '1'],
  ]);
  assert.deepEqual(await subjects(second), ['kept-value']);
  assert.deepEqual(await registerSchema(second, 'kept-value'), registered);

  const other = await startLocalStack({ env });
  t.after(() => other.stop());
  assert.deepEqual(await topicsOf(other), []);
  assert.deepEqual(await subjects(other), []);
  assert.notEqual(other.kafkaBrokers, second.kafkaBrokers);
});

test('nothing is left of a stack whose owner was killed with SIGKILL', async (t) => {
  const temporary = await temporaryDirectory(t);
  const { owner, printed } = await runOwner(new URL('../../fixtures/owner-of-stack.ts', import.meta.url), {
    env: { ...env, TMPDIR: temporary },
  });
  const kafka = String(printed.kafkaBrokers);
  const registry = new URL(String(printed.registry)).host;
  await acceptsConnection(kafka);
  await acceptsConnection(registry);

  owner.kill('SIGKILL');
  for (const address of [kafka, registry]) {
    const isClosed = () =>
      acceptsConnection(address).then(
        () => false,
        () => true,
      );
    await eventually(isClosed, { timeoutMs: 60_000, describe: `the end of what listened at ${address}` });
  }
  const leftovers = async (): Promise<string[]> => (existsSync(temporary) ? await readdir(temporary) : []);
  await eventually(async () => (await leftovers()).length === 0, { timeoutMs: 10_000, describe: 'an empty folder' });
});
