import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { eventually } from '../eventually.ts';
import { startFaultProxy } from './fault-proxy.ts';

/** An echo server behind a proxy, and the way to open a client to it. All are closed with the test. */
async function setUp(t: TestContext) {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } });
  t.after(async () => {
    await proxy.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    proxy,
    async open() {
      const socket = connect({ host: proxy.host, port: proxy.port });
      await once(socket, 'connect');
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      const closed = new Promise<Error | undefined>((resolve) => {
        socket.on('error', resolve);
        socket.on('close', () => resolve(undefined));
      });
      return {
        socket,
        closed,
        received: () => text,
        receives: (expected: string) =>
          eventually(() => text === expected, { timeoutMs: 5_000, intervalMs: 1, describe: `the echo ${expected}` }),
      };
    },
  };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

test('without a fault bytes pass both ways, and the end of a side does too', async (t) => {
  const { proxy, open } = await setUp(t);
  const client = await open();
  client.socket.end('hello');
  assert.equal(await client.closed, undefined);
  assert.equal(client.received(), 'hello');
  await eventually(() => proxy.connectionCount === 0, { timeoutMs: 5_000, intervalMs: 1, describe: 'no connection' });
});

test('a cut in the moment in which a side ends leaves no connection behind', async (t) => {
  // What it would leave behind keeps this process from ending: then the file fails, not the test.
  const { proxy, open } = await setUp(t);
  const client = await open();
  proxy.blackhole();
  client.socket.end('hello');
  await eventually(() => proxy.connectionCount === 1, { timeoutMs: 5_000, intervalMs: 1, describe: 'a connection' });
  await turn();
  proxy.resume();
  proxy.cut();
  await client.closed;
  await eventually(() => proxy.connectionCount === 0, { timeoutMs: 5_000, intervalMs: 1, describe: 'no connection' });
});

test('a cut resets open connections and new ones until it is over', async (t) => {
  const { proxy, open } = await setUp(t);
  const before = await open();
  before.socket.write('a');
  await before.receives('a');

  proxy.cut();
  assert.match(String(await before.closed), /ECONNRESET/);
  const during = await open().catch((error: unknown) => error);
  if (!(during instanceof Error)) assert.match(String(await (during as typeof before).closed), /ECONNRESET|undefined/);

  proxy.resume();
  const after = await open();
  after.socket.write('b');
  await after.receives('b');
});

test('a blackhole keeps connections and loses nothing: all arrives once it is over', async (t) => {
  const { proxy, open } = await setUp(t);
  const client = await open();
  proxy.blackhole();
  client.socket.write('a');
  const late = await open();
  late.socket.write('z');
  await turn();
  assert.equal(client.received() + late.received(), '');

  client.socket.write('b');
  proxy.resume();
  await client.receives('ab');
  await late.receives('z');
});

test('a delay holds back each byte in each direction, in order', async (t) => {
  const { proxy, open } = await setUp(t);
  const client = await open();
  proxy.delay(3_600_000);
  for (const byte of ['a', 'b', 'c']) client.socket.write(byte);
  await turn();
  assert.equal(client.received(), '');

  proxy.delay(25);
  await client.receives('abc');
  proxy.delay(0);
  client.socket.write('d');
  await client.receives('abcd');
});

test('bytes that are still on their way arrive after the sender has closed', async (t) => {
  const { proxy, open } = await setUp(t);
  const client = await open();
  proxy.delay(25);
  client.socket.end('farewell');
  assert.equal(await client.closed, undefined);
  assert.equal(client.received(), 'farewell');
});

test('more than a blackhole can hold slows the sender down and still arrives whole', async (t) => {
  const { proxy, open } = await setUp(t);
  const client = await open();
  proxy.blackhole();
  const text = 'x'.repeat(4 * 1024 * 1024);
  client.socket.write(text);
  await turn();
  proxy.resume();
  await eventually(() => client.received().length === text.length, { timeoutMs: 5_000, describe: 'the whole text' });
});

test('a target that refuses connections resets the client', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port } });
  t.after(() => proxy.close());
  const client = connect({ host: proxy.host, port: proxy.port });
  await assert.rejects(once(client, 'close'), /ECONNRESET/);
});
