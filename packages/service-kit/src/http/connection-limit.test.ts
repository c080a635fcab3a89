import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { clientOf, descriptorLimit, limitConnections, type ConnectionLimits } from './connection-limit.ts';

/** A server that answers when the test says so, and how often it closed a connection for its limits. */
async function start(t: TestContext, limits: Pick<ConnectionLimits, 'maxConnections' | 'maxConnectionsPerClient'>) {
  const closed: string[] = [];
  const waiting: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    waiting.push(response);
    server.emit('waiting');
  });
  limitConnections(server, { ...limits, onClosed: (reason) => closed.push(reason) });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;

  /** Resolves once the server has taken the connection, or closed it. */
  const open = async (): Promise<Socket> => {
    const taken = once(server, 'connection');
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => undefined);
    socket.resume();
    t.after(() => socket.destroy());
    await taken;
    return socket;
  };
  const request = async (socket: Socket): Promise<void> => {
    const arrived = once(server, 'waiting');
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await arrived;
  };
  const answer = async (): Promise<void> => {
    const response = waiting.shift() ?? assert.fail('no request waits for its answer');
    const over = once(response, 'close');
    response.end();
    await over;
  };
  return { closed, open, request, answer };
}

const ended = (socket: Socket) => (socket.closed ? Promise.resolve() : once(socket, 'close'));

test('beyond the limit, the connection that has been idle longest is closed', async (t) => {
  const { closed, open, request, answer } = await start(t, { maxConnections: 3, maxConnectionsPerClient: undefined });
  const first = await open();
  const second = await open();
  await open();
  // The first is used, so now the second has been idle longest.
  await request(first);
  await answer();
  await open();
  await ended(second);
  assert.deepEqual(closed, ['idle']);
  assert.ok(!first.destroyed);
});

test('a connection with a request in progress is never closed: the new one is, until there is room', async (t) => {
  const { closed, open, request, answer } = await start(t, { maxConnections: 2, maxConnectionsPerClient: undefined });
  const busy = [await open(), await open()];
  for (const socket of busy) await request(socket);
  const refused = await open();
  await ended(refused);
  assert.deepEqual(closed, ['refused']);
  await answer();
  const taken = await open();
  await request(taken);
  assert.deepEqual([closed, busy[1]?.destroyed], [['refused', 'idle'], false]);
});

test('a client beyond its own limit loses connections of its own', async (t) => {
  const { closed, open } = await start(t, { maxConnections: 100, maxConnectionsPerClient: 2 });
  const first = await open();
  await open();
  await open();
  await ended(first);
  assert.deepEqual(closed, ['idle']);
});

const clients: Readonly<Record<string, string>> = {
  '203.0.113.7': '203.0.113.7',
  '::ffff:203.0.113.7': '203.0.113.7',
  '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
  '2001:DB8:1:2::6': '2001:db8:1:2::/64',
  '2001:0db8:0001:0002:ffff:ffff:ffff:ffff': '2001:db8:1:2::/64',
  '2001:db8::1': '2001:db8:0:0::/64',
  '::1': '0:0:0:0::/64',
  'fe80::1%eth0': 'fe80:0:0:0::/64',
};

for (const [address, client] of Object.entries(clients)) {
  test(`${address} counts as ${client}`, () => {
    assert.equal(clientOf(address), client);
  });
}

test("the limit of descriptors is the system's", () => {
  const limit = descriptorLimit();
  assert.ok(limit === undefined || (Number.isSafeInteger(limit) && limit > 0), String(limit));
});
