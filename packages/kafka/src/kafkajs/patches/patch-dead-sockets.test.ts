import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { loadOriginal, loadPatched } from '../../testing/original-kafkajs.ts';

interface RequestQueue {
  once(event: string, listener: () => void): void;
  push(request: object): void;
  rejectAll(error: Error): void;
}
interface Connection {
  readonly socket: Socket;
  readonly requestQueue: RequestQueue;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
}

const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent, namespace: (): object => logger };

async function connect(port: number, load = loadPatched): Promise<Connection> {
  const Connection = load<new (options: object) => Connection>('network/connection');
  const createSocketFactory = load<() => object>('network/socketFactory');
  const connection = new Connection({
    host: '127.0.0.1',
    port,
    logger,
    socketFactory: createSocketFactory(),
    requestTimeout: 1_000,
    connectionTimeout: 1_000,
  });
  await connection.connect();
  return connection;
}

test('a connection that has died can be disconnected again and again without a listener more on its socket', async (t) => {
  const server = createServer((socket) => socket.on('error', silent).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const connection = await connect((server.address() as AddressInfo).port);
  const { socket } = connection;
  socket.destroy();
  await once(socket, 'close');
  const before = socket.listenerCount('connect');
  for (let times = 0; times < 12; times += 1) await connection.disconnect();
  assert.equal(socket.listenerCount('connect'), before);
});

test('a connection that lives is ended, and keeps the process alive no more', async (t) => {
  const server = createServer((socket) => socket.on('error', silent).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const connection = await connect((server.address() as AddressInfo).port);
  const unref = t.mock.method(Object.getPrototypeOf(connection.socket) as Socket, 'unref');
  await connection.disconnect();
  assert.equal(unref.mock.callCount(), 1);
  assert.equal(connection.socket.writableEnded, true);
  await once(connection.socket, 'close');
});

function request(correlationId: number, reject: (error: Error) => void) {
  const entry = { correlationId, apiName: 'Test', apiKey: 0, apiVersion: 0, resolve: silent, reject };
  return { entry, expectResponse: true, sendRequest: silent };
}

test('what was sent over a connection while it was being closed is refused; the original forgets it', async (t) => {
  const server = createServer((socket) => socket.on('error', silent).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  for (const load of [loadPatched, loadOriginal]) {
    const connection = await connect((server.address() as AddressInfo).port, load);
    const { requestQueue } = connection;
    const refused: string[] = [];
    requestQueue.push(request(1, ({ message }) => refused.push(message)));
    const disconnected = connection.disconnect();
    requestQueue.once('requestQueueEmpty', () => requestQueue.push(request(2, ({ name }) => refused.push(name))));
    requestQueue.rejectAll(new Error('the first'));
    await disconnected;
    assert.deepEqual(refused, load === loadPatched ? ['the first', 'KafkaJSConnectionClosedError'] : ['the first']);
  }
});
