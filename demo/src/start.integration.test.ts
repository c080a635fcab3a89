/** `npm start` as a script uses it: what it prints, what it keeps, and that nothing outlives it however it ends. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connectionFromConfig, createKafkaAdmin } from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import { configSections, createLogger, defineConfig, readConfig } from '@astrolabe/service-kit';
import { eventually, uniqueName } from '@astrolabe/testkit';
import type { PipelineAddresses } from '@astrolabe/local-pipeline';
import { addConnector, readInstances, readSession, sendTestEvent } from './testing/console-answers.ts';
import { startProgram, type StartedProgram } from './testing/started-program.ts';

const program = fileURLToPath(new URL('./start.ts', import.meta.url));

async function topicPrefix(t: TestContext): Promise<string> {
  const prefix = `${uniqueName('start')}.`;
  const config = readConfig(defineConfig(configSections.kafka), { KAFKA_BROKERS: process.env.KAFKA_BROKERS });
  const logger = createLogger({ name: 'test', level: 'silent' });
  const admin = await createKafkaAdmin(connectionFromConfig(config, 'test', logger));
  t.after(async () => {
    await admin.deleteTopics(Object.values(topicsFor(prefix)).map(({ name }) => name)).catch(() => undefined);
    await admin.close();
  });
  return prefix;
}

function start(t: TestContext, command: string, args: readonly string[], prefix: string): StartedProgram {
  return startProgram(t, command, args, { ...process.env, KAFKA_TOPIC_PREFIX: prefix });
}

async function addressesOf({ until, output }: StartedProgram): Promise<PipelineAddresses> {
  const line = await until('the line of JSON', () => /^\{.*\}\n/m.exec(output())?.[0]);
  return JSON.parse(line) as PipelineAddresses;
}

/** What a browser reads at first, and what its pages ask for. */
async function assertConsoleIsUp(url: string): Promise<void> {
  const page = await fetch(url, { headers: { accept: 'text/html' } });
  assert.deepEqual([page.status, page.headers.get('content-type')], [200, 'text/html; charset=utf-8']);
  const { login, role } = await readSession(url);
  assert.deepEqual([login, role], [{ mode: 'none' }, 'admin']);
  const instances = await eventually(() => readInstances(url), {
    timeoutMs: 20_000,
    describe: 'the services in the overview',
  });
  assert.deepEqual(
    instances.map(({ service, state }) => [service, state]),
    ['ingest', 'mapper', 'dispatcher'].map((service) => [service, 'watched']),
  );
}

/** A connector that is added in the console: its key is new to the API. */
async function assertAddedConnectorDelivers({ console = '', astrolabe }: PipelineAddresses): Promise<void> {
  const { id, key } = await addConnector(console, 'Acme');
  await eventually(() => sendTestEvent(console, id), { timeoutMs: 20_000, describe: 'ingest to know the connector' });
  const readEvents = async (): Promise<readonly unknown[]> => {
    const response = await fetch(`${astrolabe}/v1/events`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal(response.status, 200);
    return ((await response.json()) as { readonly items: readonly unknown[] }).items;
  };
  await eventually(async () => (await readEvents()).length === 1, { timeoutMs: 20_000, describe: 'the test event' });
}

test('npm start prints one line of JSON, keeps what --data names, and no process outlives it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'start-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const prefix = await topicPrefix(t);

  const first = start(t, 'npm', ['start', '--silent', '--', '--json', '--data', folder], prefix);
  const addresses = await addressesOf(first);
  assert.deepEqual(Object.keys(addresses), [
    'ingest',
    'astrolabe',
    'console',
    'kafka',
    'schemaRegistry',
    'metrics',
    'apiKey',
    'connector',
  ]);
  for (const url of Object.values(addresses.metrics)) assert.equal((await fetch(url)).status, 200, url);
  await assertConsoleIsUp(addresses.console ?? '');
  const sent = await fetch(`${addresses.ingest}/v1/identify`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${addresses.apiKey}:`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ userId: 'userId123', traits: { email: 'john.doe@example.com' } }),
  });
  assert.equal(sent.status, 200);
  const readUser = async ({ astrolabe, apiKey }: PipelineAddresses): Promise<unknown> => {
    const response = await fetch(`${astrolabe}/v1/users/userId123`, { headers: { authorization: `Bearer ${apiKey}` } });
    return response.ok ? response.json() : undefined;
  };
  const user = await eventually(() => readUser(addresses), { timeoutMs: 20_000, describe: 'the user' });
  await assertAddedConnectorDelivers(addresses);
  await first.endsWith('SIGTERM');
  assert.equal(first.output().trim().split('\n').length, 1, 'lines on standard output');

  const second = start(t, process.execPath, [program, '--json', '--data', folder], prefix);
  const addressesAgain = await addressesOf(second);
  assert.equal(addressesAgain.apiKey, addresses.apiKey);
  assert.deepEqual(await readUser(addressesAgain), user);
  await second.endsWith('SIGKILL');
});

test('stopped while it starts, it leaves no process behind and prints nothing for scripts', async (t) => {
  const prefix = await topicPrefix(t);
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const started = start(t, process.execPath, [program, '--json'], prefix);
    await started.until('the step in which it is stopped', () =>
      started.messages().includes('starting the reference API') ? true : undefined,
    );
    await started.endsWith(signal);
    assert.equal(started.output(), '');
  }
});
