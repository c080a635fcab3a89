import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import '../index.ts';

const require = createRequire(import.meta.url);

interface Connection {
  readonly socket: Socket;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
}
const Connection = require('kafkajs/src/network/connection') as new (options: object) => Connection;
const createSocketFactory = require('kafkajs/src/network/socketFactory') as () => object;

const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent, namespace: (): object => logger };

async function connect(port: number): Promise<Connection> {
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
