/** Secrets where things go wrong before or beside the events: at the brokers' log-in and in the connectors file. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '@astrolabe/testkit';
import { runProgram } from '../../cli/src/program.ts';
import { startHostilePipeline } from './hostile-pipeline.ts';
import type { ServiceName } from './hostile-processes.ts';
import { basic, post } from './http-client.ts';
import { startSaslGate, type SaslGate } from './sasl-gate.ts';
import { findSecrets, newKey, processText } from './secrets.ts';
import { watchProcess } from './watched-process.ts';

const NAMES: readonly ServiceName[] = ['ingest', 'mapper', 'dispatcher'];
const entryOf = (name: ServiceName): URL => new URL(`../../services/${name}/src/main.ts`, import.meta.url);
const astrolabe = new URL('../../cli/src/main.ts', import.meta.url);

const connector = { id: 'secretive', apiKey: newKey(), writeKeys: [newKey()], webhookSecret: newKey() };
const password = newKey();
const wrongPassword = newKey();
const registryPassword = newKey();
const keys = [connector.apiKey, ...connector.writeKeys, connector.webhookSecret];
const secrets = [...keys, password, wrongPassword, registryPassword];
const login = (given: string) => ({
  KAFKA_SASL_MECHANISM: 'plain',
  KAFKA_SASL_USERNAME: 'pipeline',
  KAFKA_SASL_PASSWORD: given,
});

let gate: SaslGate;
let folder: string;

before(async () => {
  const [broker = ''] = (process.env['KAFKA_BROKERS'] ?? '').split(',');
  gate = await startSaslGate({ broker, username: 'pipeline', password });
  folder = await mkdtemp(join(tmpdir(), 'secrets-'));
});
after(async () => {
  await gate.close();
  await rm(folder, { recursive: true, force: true });
});

function assertNoSecret(place: string, text: string): void {
  assert.ok(text.length > 0, `${place} is empty`);
  assert.deepEqual(findSecrets(text, secrets), [], `${place} shows secrets:\n${text.slice(0, 4_000)}`);
}

/** The registry's password where many keep it: in the URL. */
function withPassword(url: string): string {
  return url.replace('://', `://pipeline:${encodeURIComponent(registryPassword)}@`);
}

/** A configuration with which a service starts as far as its connectors file and its brokers let it. */
function environmentOf(name: ServiceName, connectorsFile: string, broker: string): Record<string, string> {
  const registry = { SCHEMA_REGISTRY_URL: withPassword(process.env['SCHEMA_REGISTRY_URL'] ?? '') };
  const shared = { LOG_LEVEL: 'debug', KAFKA_BROKERS: broker, CONNECTORS_FILE: connectorsFile, ADMIN_PORT: '0' };
  if (name === 'ingest') return { ...shared, INGEST_PORT: '0', INGEST_DRAIN_MS: '0' };
  if (name === 'mapper') return { ...shared, ...registry };
  return {
    ...shared,
    ...registry,
    DISPATCHER_API_URL: withPassword('http://127.0.0.1:9'),
    DISPATCHER_LEDGER_DIRECTORY: join(folder, 'ledger'),
  };
}

async function writeConnectors(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test('services that have logged in to their brokers work, and show the password nowhere', async (t) => {
  const pipeline = await startHostilePipeline(
    [connector],
    Object.fromEntries(
      NAMES.map((name) => [name, { ...login(password), LOG_LEVEL: 'debug', KAFKA_BROKERS: gate.address }]),
    ),
  );
  t.after(() => pipeline.close());
  assert.ok(gate.accepted > 0, 'nobody has logged in');
  const batch = [
    { type: 'identify', messageId: 'm', userId: 'u', traits: { a: 1 } },
    { type: 'nonsense', messageId: 'n', userId: 'u' },
  ];
  const { status, text: answered } = await post(pipeline.services.ingest.url, JSON.stringify({ batch }), {
    authorization: basic(connector.apiKey),
  });
  assert.equal(status, 200);
  await pipeline.produce('segmentEvents', [{ key: null, value: Buffer.from('{'), headers: {}, partition: 0 }]);
  await pipeline.produce('commands', [{ key: null, value: Buffer.from('{'), headers: {}, partition: 0 }]);
  await eventually(async () => (await pipeline.isDrained()) && pipeline.api.calls.all().length > 0, {
    timeoutMs: 30_000,
    describe: 'all to be delivered',
  });
  assertNoSecret('the answer', answered);
  for (const name of NAMES) {
    const service = pipeline.services[name];
    assertNoSecret(`the log of ${name}`, service.logs().join('\n'));
    assertNoSecret(`the metrics of ${name}`, await pipeline.metrics(name));
    assertNoSecret(`the process of ${name}`, await processText(service.pid));
  }
  for (const topic of ['segmentEventsDeadLetters', 'commandsDeadLetters'] as const) {
    const deadLetters = await pipeline.read(topic);
    const texts = deadLetters.flatMap(({ key, value, headers }) => [key, value, ...Object.values(headers)].map(String));
    assertNoSecret(topic, texts.join('\n'));
  }
});

test('a broker that refuses the password, and repeats it, or wants none, makes nobody show it', async () => {
  const connectorsFile = await writeConnectors(
    'whole.json',
    JSON.stringify({ connectors: [{ name: 'whole', ...connector }] }),
  );
  const [plain = ''] = (process.env['KAFKA_BROKERS'] ?? '').split(',');
  for (const [broker, given] of [
    [gate.address, wrongPassword],
    [plain, password],
  ] as const) {
    const refusedBefore = gate.refused;
    for (const name of NAMES) {
      const service = await watchProcess(entryOf(name), [], {
        ...environmentOf(name, connectorsFile, broker),
        ...login(given),
      });
      await Promise.race([
        service.exited,
        eventually(() => /SASL/i.test(service.text()), {
          timeoutMs: 30_000,
          describe: `${name} to tell of the log-in`,
        }),
      ]);
      await service.stop();
      assert.match(service.text(), /SASL|authenticat/i, name);
      assertNoSecret(`the output of ${name} at ${broker}`, service.text());
    }
    for (const args of [['topics', 'check'], ['lag'], ['doctor'], ['dlq', 'list']]) {
      const command = await watchProcess(astrolabe, args, {
        KAFKA_BROKERS: broker,
        SCHEMA_REGISTRY_URL: withPassword(process.env['SCHEMA_REGISTRY_URL'] ?? ''),
        CONNECTORS_FILE: connectorsFile,
        ...login(given),
      });
      const { code } = await command.exited;
      assert.notEqual(code, 0, `astrolabe ${args.join(' ')}`);
      assertNoSecret(`the output of astrolabe ${args.join(' ')} at ${broker}`, command.text());
    }
    if (broker === gate.address) assert.ok(gate.refused > refusedBefore, 'nobody tried to log in');
  }
});

const [writeKey = ''] = connector.writeKeys;
const quoted = (key: string): string => JSON.stringify(key);
const fields = `"id":"a","name":"a","apiKey":${quoted(connector.apiKey)},"webhookSecret":${quoted(connector.webhookSecret)}`;
/** Mistakes that people make beside their keys, and with them. */
const badFiles: readonly (readonly [string, string])[] = [
  ['cut off', `{"connectors":[{${fields}`],
  ['a comma too many', `{"connectors":[{${fields},}]}`],
  ['a key without quotes', `{"connectors":[{"id":"a","apiKey":${connector.apiKey}}]}`],
  ['no JSON at all', `apiKey: ${connector.apiKey}\nwebhookSecret: ${connector.webhookSecret}\n`],
  ['a key alone', connector.apiKey],
  ['a key as the name of a field', `{"connectors":[{${fields},${quoted(writeKey)}:true}]}`],
  ['a key as the name of a field at the top', `{"connectors":[{${fields}}],${quoted(writeKey)}:1}`],
  ['a key as the id', `{"connectors":[{${fields.replace('"id":"a"', `"id":${quoted(writeKey)}`)}}]}`],
  ['a key in a list', `{"connectors":[{${fields},"writeKeys":${quoted(writeKey)}}]}`],
  ['a key within an object', `{"connectors":[{${fields},"writeKeys":[{${quoted(writeKey)}:1}]}]}`],
  ['a key as a choice', `{"connectors":[{${fields},"freeEmailProviders":${quoted(writeKey)}}]}`],
  ['a key as a domain', `{"connectors":[{${fields},"allowedEmailDomains":[${quoted(writeKey)}]}]}`],
  ['a key as a setting', `{"connectors":[{${fields},"delivery":{"bulk":${quoted(writeKey)},${quoted(writeKey)}:1}}]}`],
  ['a key twice', `{"connectors":[{${fields},"writeKeys":[${quoted(connector.apiKey)}]}]}`],
  ['a key with a line break', `{"connectors":[{${fields},"writeKeys":[${quoted(`${writeKey}\n${writeKey}`)}]}]}`],
  ['a list of keys in place of connectors', `{"connectors":[${keys.map(quoted).join(',')}]}`],
];

test('a connectors file that cannot be used is told by its places, and nothing of its text', async () => {
  for (const [index, [what, text]] of badFiles.entries()) {
    // One service for each mistake: they share the reading. The mapper takes no notice of keys.
    const name =
      index % 3 === 0 && /JSON|cut off|comma|quotes/.test(what) ? 'mapper' : index % 2 === 0 ? 'ingest' : 'dispatcher';
    const path = await writeConnectors(`bad-${index}.json`, text);
    const outputs = await Promise.all([
      run(entryOf(name), [], environmentOf(name, path, '127.0.0.1:9')),
      listConnectors(path),
    ]);
    assert.match(outputs[0], /connectors\.invalid/, what);
    for (const output of outputs) assertNoSecret(`${what}: the output`, output);
  }
});

async function listConnectors(path: string): Promise<string> {
  let output = '';
  const write = (text: string): void => void (output += text);
  await runProgram(['connectors', 'list'], { env: { CONNECTORS_FILE: path }, stdout: write, stderr: write });
  return output;
}

/** Its output until it ends or says what is wrong. */
async function run(entry: URL, args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  const running = await watchProcess(entry, args, env);
  await Promise.race([
    running.exited,
    eventually(() => /connectors\.invalid|waiting for/.test(running.text()), {
      timeoutMs: 30_000,
      describe: 'a word about the connectors file',
    }),
  ]);
  await running.stop();
  return running.text();
}

test('a service that runs and is given a file that it cannot use tells nothing of its text', async (t) => {
  const whole = JSON.stringify({ connectors: [{ name: 'whole', ...connector }] });
  const [broker = ''] = (process.env['KAFKA_BROKERS'] ?? '').split(',');
  const pipeline = await startHostilePipeline([connector], { ingest: { KAFKA_BROKERS: broker } });
  t.after(() => pipeline.close());
  const path = pipeline.connectorsFile;
  const problems = (name: ServiceName): number =>
    pipeline.services[name].logs().filter((line) => line.includes('connectors.invalid')).length;
  for (const [, text] of badFiles.filter((_, index) => index % 4 === 0)) {
    const seen = [problems('ingest'), problems('dispatcher')] as const;
    await writeFile(path, text);
    await eventually(() => problems('ingest') > seen[0] && problems('dispatcher') > seen[1], {
      timeoutMs: 20_000,
      describe: 'both to tell that the file cannot be used',
    });
    await writeFile(path, whole);
  }
  for (const name of NAMES) {
    assertNoSecret(`the log of ${name}`, pipeline.services[name].logs().join('\n'));
    assertNoSecret(`the metrics of ${name}`, await pipeline.metrics(name));
  }
});
