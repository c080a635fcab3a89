/**
 * Each patch is looked for where kafkajs uses it: a module that took an export before it was replaced goes on with the
 * original.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mock, test } from 'node:test';
// First, as in the product: the test's own imports load parts of kafkajs.
import '../index.ts';
import { encodeFetchResponse, encodeTestBatch } from '../../testing/fetch-response.ts';
import { assertPatchesInEffect, patches } from './patches.ts';

const require = createRequire(import.meta.url);
const load = <T>(path: string): T => require(`kafkajs/src/${path}`) as T;

type Methods = Record<string, (...args: unknown[]) => unknown>;
const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent, namespace: (): object => logger };

test('a connection frames its requests by our code: none of them goes through the encoder of kafkajs', async () => {
  const { prototype } = load<{ prototype: object }>('network/connection');
  const { prototype: encoder } = load<{ prototype: Methods }>('protocol/encoder');
  const written: Buffer[] = [];
  const connection = Object.assign(Object.create(prototype) as { send(call: object): Promise<unknown> }, {
    clientId: 'app',
    isAuthenticated: () => true,
    failIfNotConnected: silent,
    logDebug: silent,
    nextCorrelationId: () => 7,
    socket: { write: (bytes: Buffer) => written.push(bytes) },
    requestQueue: {
      push: ({ entry, sendRequest }: { entry: { resolve(answer: object): void }; sendRequest(): void }) => {
        sendRequest();
        entry.resolve({});
      },
    },
  });
  const request = {
    apiKey: 3,
    apiVersion: 2,
    apiName: 'Test',
    expectResponse: () => false,
    encode: async () => ({ buffer: Buffer.from('body') }),
  };
  const writes = mock.method(encoder, 'writeEncoder');
  await connection.send({ request, response: {} });
  assert.equal(writes.mock.callCount(), 0);
  const frame = [...[0, 0, 0, 17], ...[0, 3], ...[0, 2], ...[0, 0, 0, 7], ...[0, 3]];
  assert.deepEqual(written, [Buffer.concat([Buffer.from(frame), Buffer.from('appbody')])]);
});

test('a produce request of every version is encoded by our code', async () => {
  const { protocol } = load<{
    protocol(options: object): (args: object) => { request: { encode(): Promise<object> } };
  }>('protocol/requests/produce');
  const { prototype: encoder } = load<{ prototype: Methods }>('protocol/encoder');
  const messages = [{ key: null, value: Buffer.from('v'), headers: {} }];
  const topicData = [{ topic: 't', partitions: [{ partition: 0, messages }] }];
  for (const version of [3, 4, 5, 6, 7]) {
    const { request } = protocol({ version })({ acks: -1, timeout: 1, topicData });
    const writes = mock.method(encoder, 'writeInt32');
    await request.encode();
    assert.equal(writes.mock.callCount(), 0, `version ${version}`);
    writes.mock.restore();
  }
});

test('the answer to a fetch is decoded by our code, within bounds', async () => {
  const { protocol } = load<{
    protocol(options: object): (args: object) => { response: { decode(bytes: Buffer): Promise<object> } };
  }>('protocol/requests/fetch');
  const { response } = protocol({ version: 11 })({ topics: [] });
  const records = await encodeTestBatch({ baseOffset: 7n, records: [{ value: Buffer.from('a') }] });
  const decoded = await response.decode(encodeFetchResponse([{ topic: 't', partition: 3, records }]));
  // Only our decoder keeps the record itself beside what kafkajs wants.
  assert.match(JSON.stringify(Object.keys(firstMessage(decoded))), /"records"/);
});

function firstMessage(decoded: object): object {
  const { responses } = decoded as { responses: { partitions: { messages: object[] }[] }[] };
  const message = responses[0]?.partitions[0]?.messages[0];
  assert.ok(message !== undefined);
  return message;
}

test('what a broker says of a refused log-in is dropped in every version that kafkajs speaks', async () => {
  const requests = load<{
    versions: readonly string[];
    protocol(options: object): (args: object) => { response: { parse(answer: object): Promise<object> } };
  }>('protocol/requests/saslAuthenticate');
  for (const version of requests.versions) {
    const { response } = requests.protocol({ version: Number(version) })({ authBytes: Buffer.alloc(0) });
    const refused = response.parse({ errorCode: 58, errorMessage: 'your password hunter2 is wrong' });
    await assert.rejects(refused, (error: Error) => !error.message.includes('hunter2'), `version ${version}`);
  }
});

test('a transaction to which some topics are forbidden says which, in every version that kafkajs speaks', async () => {
  const requests = load<{
    versions: readonly string[];
    protocol(options: object): (args: object) => { response: { parse(answer: object): Promise<object> } };
  }>('protocol/requests/addPartitionsToTxn');
  const partition = (errorCode: number) => ({ partition: 0, errorCode });
  const errors = [
    { topic: 'not-attempted', partitionErrors: [partition(55)] },
    { topic: 'forbidden', partitionErrors: [partition(0), partition(29)] },
  ];
  for (const version of requests.versions) {
    const { response } = requests.protocol({ version: Number(version) })({ topics: [] });
    const refused = { type: 'TOPIC_AUTHORIZATION_FAILED', refusedTopics: ['forbidden'] };
    await assert.rejects(response.parse({ errors }), refused, `version ${version}`);
  }
});

interface Broker {
  versions: object | null;
  isConnected(): boolean;
}
interface Cluster {
  readonly brokerPool: { brokers: Record<string, object>; createBroker(options: object): Broker };
  findGroupCoordinator(group: { groupId: string; coordinatorType: number }): Promise<object>;
}

function createCluster(): Cluster {
  const Cluster = load<new (options: object) => Cluster>('cluster');
  return new Cluster({ logger, brokers: ['localhost:1'], clientId: 'c', retry: { retries: 0 } });
}

test('a cluster whose brokers forbid to ask for a coordinator says so, of a group and of a transactional id', async () => {
  const { createErrorFromCode } = load<{ createErrorFromCode(code: number): Error }>('protocol/error');
  const cases = [
    { coordinatorType: 0, errorCode: 30, type: 'GROUP_AUTHORIZATION_FAILED' },
    { coordinatorType: 1, errorCode: 53, type: 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED' },
  ];
  for (const { coordinatorType, errorCode, type } of cases) {
    const cluster = createCluster();
    const broker = (error: Error) => ({ isConnected: () => true, findGroupCoordinator: () => Promise.reject(error) });
    // The other broker is away: whichever is asked last, the refusal is what is told.
    cluster.brokerPool.brokers = { 1: broker(createErrorFromCode(errorCode)), 2: broker(new Error('away')) };
    await assert.rejects(cluster.findGroupCoordinator({ groupId: 'g', coordinatorType }), { type });
  }
});

test('the brokers of a cluster count as connected once they have answered', () => {
  const connectionPool = { isConnected: () => true, isAuthenticated: () => true };
  const broker = createCluster().brokerPool.createBroker({ connectionPool, logger });
  assert.equal(broker.isConnected(), false);
  broker.versions = {};
  assert.equal(broker.isConnected(), true);
});

test('what a client connects with, and what a consumer runs with, are the classes that are patched', () => {
  const ConnectionPool = load<new (options: object) => { pool: { requestQueue: object }[] }>('network/connectionPool');
  const pool = new ConnectionPool({ host: 'localhost', port: 1, clientId: 'c', logger });
  for (const each of pool.pool) {
    assert.equal(Object.getPrototypeOf(each), load<{ prototype: object }>('network/connection').prototype);
    const { prototype } = load<{ prototype: object }>('network/requestQueue');
    assert.equal(Object.getPrototypeOf(each.requestQueue), prototype);
  }
  assert.doesNotThrow(assertPatchesInEffect);
});

const root = new URL('../../../../../', import.meta.url);

/** Makes a Kafka connection in a process of its own, after some code has run there. */
function connectAfter(code: string): { readonly status: number | null; readonly stderr: string } {
  const program = `${code};
    const { createKafkaConnection } = await import('./packages/kafka/src/index.ts');
    createKafkaConnection({ brokers: ['localhost:1'], clientId: 'c', logger: undefined });`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, stderr };
}

test('a process in which something loads kafkajs before the patches does not start', () => {
  assert.deepEqual(connectAfter(''), { status: 0, stderr: '' });
  const { status, stderr } = connectAfter("await import('kafkajs')");
  assert.equal(status, 1);
  assert.match(stderr, /code: 'kafka\.patch-missing'/);
  assert.match(stderr, /protocol\/request; /);
});

/** `consumer/runner: commitOffsets` → the module, and the methods of its class; an export has no methods. */
const places = patches
  .map(({ name }) => name)
  .filter((name) => !name.startsWith('version '))
  .map((name) => {
    const [path = '', methods] = name.split(': ');
    return { name, path, methods: methods?.split(', ') ?? [] };
  });

test('each of the twenty-four patches is named by its place in kafkajs', () => {
  assert.equal(places.length, 24);
  assert.equal(places.filter(({ methods }) => methods.length > 0).length, 16);
});

/** kafkajs's private methods are named by symbols. */
function keyOf(prototype: object, name: string): string {
  const symbol = Object.getOwnPropertySymbols(prototype).find(({ description }) => description === name);
  return (symbol ?? name) as string;
}

for (const { name, path, methods } of places) {
  test(`without the patch of ${name} no client is made`, (t) => {
    const missing = { code: 'kafka.patch-missing', details: { missing: [name] } };
    if (methods.length === 0) {
      const module = require.cache[require.resolve(`kafkajs/src/${path}`)];
      assert.ok(module !== undefined);
      const patched: unknown = module.exports;
      t.after(() => Object.assign(module, { exports: patched }));
      module.exports = () => undefined;
      assert.throws(assertPatchesInEffect, missing);
      return;
    }
    const { prototype } = load<{ prototype: Methods }>(path);
    for (const method of methods) {
      const key = keyOf(prototype, method);
      const patched = prototype[key];
      assert.ok(patched !== undefined, method);
      prototype[key] = () => undefined;
      try {
        assert.throws(assertPatchesInEffect, missing, method);
      } finally {
        prototype[key] = patched;
      }
    }
  });
}

const requireFirst = `(await import('node:module')).createRequire(process.cwd() + '/')`;

for (const { path } of places.filter(({ methods }) => methods.length === 0)) {
  test(`a process whose kafkajs took ${path} before the patch does not start`, () => {
    const { status, stderr } = connectAfter(`${requireFirst}('kafkajs/src/${path}')`);
    assert.equal(status, 1);
    assert.ok(stderr.includes(path), stderr);
    assert.match(stderr, /code: 'kafka\.patch-missing'/);
  });
}

test('a process with another version of kafkajs does not start', () => {
  const { status, stderr } = connectAfter(`${requireFirst}('kafkajs/package.json').version = '2.3.0'`);
  assert.equal(status, 1);
  assert.match(stderr, /version 2\.2\.4, found 2\.3\.0/);
});
