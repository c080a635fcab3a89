import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerOptions, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { limitConnections } from '@astrolabe/service-kit';
import { createParseErrors } from './http-framing.ts';

/** A bare server whose requests the test answers. */
async function start(t: TestContext, options: ServerOptions = {}) {
  const answered: number[] = [];
  const waiting: ServerResponse[] = [];
  const parseErrors = createParseErrors(
    (socket) => connections.requestUnderWay(socket),
    (status) => answered.push(status),
  );
  const server = createServer(options, (_request, response) => {
    waiting.push(response);
    server.emit('waiting');
  });
  server.on('clientError', parseErrors.answer);
  const connections = limitConnections(server, { maxConnections: 100, maxConnectionsPerClient: undefined });
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const open = () => {
    const socket = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    socket.on('error', () => undefined);
    return socket;
  };
  return { answered, waiting, server, open };
}

async function readToEnd(socket: ReturnType<typeof connect>): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += String(chunk);
  });
  await once(socket, 'close');
  return text;
}

const impatient = { headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 10, keepAliveTimeout: 0 };

test('incomplete headers are answered 408 in the documented form', async (t) => {
  const { answered, open } = await start(t, impatient);
  const socket = open();
  socket.write('POST /v1/track HTTP/1.1\r\nHost: x\r\n');
  const answer = await readToEnd(socket);
  assert.match(answer, /^HTTP\/1\.1 408 Request Timeout\r\n/);
  const { code } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { code: string };
  assert.deepEqual([code, answered], ['request.incomplete', [408]]);
});

test('a connection that was only opened in advance is closed without an answer', async (t) => {
  const { answered, open } = await start(t, impatient);
  assert.deepEqual([await readToEnd(open()), answered], ['', []]);
});

test('a parse error is never answered in place of a complete request that is still unanswered', async (t) => {
  const { answered, waiting, server, open } = await start(t);
  const socket = open();
  const arrived = once(server, 'waiting');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await arrived;
  socket.write('nonsense\r\n\r\n');
  assert.deepEqual([await readToEnd(socket), answered], ['', []]);
  waiting[0]?.end();
});

test('a parse error after a request that was answered is 400', async (t) => {
  const { answered, waiting, server, open } = await start(t);
  const socket = open();
  const arrived = once(server, 'waiting');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await arrived;
  const [response] = waiting;
  assert.ok(response);
  const over = once(response, 'close');
  response.end('first');
  await over;
  const rest = readToEnd(socket);
  socket.write('nonsense\r\n\r\n');
  assert.match(await rest, /first.*HTTP\/1\.1 400 Bad Request.*request\.malformed/s);
  assert.deepEqual(answered, [400]);
});
