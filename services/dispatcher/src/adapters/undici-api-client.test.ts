import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { ApiClient } from '../calls/api-client.ts';
import type { ApiRequest } from '../core/api-request.ts';
import type { ApiOutcome } from '../core/classify-response.ts';
import { createApiClient, type ApiClientOptions } from './undici-api-client.ts';

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server on a free port of the loopback interface, and a client that calls it. */
async function start(t: TestContext, answer: RequestListener, options: Partial<ApiClientOptions> = {}) {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((request: IncomingMessage, response: ServerResponse & { req: IncomingMessage }) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      received.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      answer(request, response);
    });
  });
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const baseUrl = `http://127.0.0.1:${port}${options.baseUrl ?? ''}`;
  const client = createApiClient({ timeoutMs: 2_000, ...options, baseUrl });
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await client.close();
  });
  return { client, received, sockets, connectionCount: () => connections };
}

const put: ApiRequest = {
  method: 'PUT',
  path: '/v1/users/a%2Fb',
  template: '/v1/users/{userId}',
  body: '{"a":"ü"}',
  idempotencyKey: '"id-1"',
};

function call(client: ApiClient, request = put): Promise<ApiOutcome> {
  return new Promise((resolve) => client.call(request, 'the-key', { onOutcome: resolve }, []));
}

async function statusOf(client: ApiClient): Promise<number | string> {
  const outcome = await call(client);
  return outcome.kind === 'response' ? outcome.status : outcome.reason;
}

test('a call arrives as it was built: method, path, body, key and credential', async (t) => {
  const { client, received } = await start(t, (_, response) => response.end('{}'));
  await call(client);
  const [request] = received;
  assert.deepEqual([request?.method, request?.url, request?.body], ['PUT', '/v1/users/a%2Fb', '{"a":"ü"}']);
  assert.equal(request?.headers['authorization'], 'Bearer the-key');
  assert.equal(request.headers['idempotency-key'], '"id-1"');
  assert.equal(request.headers['content-type'], 'application/json');
  assert.equal(request.headers['content-length'], '10');
});

test('a call without a body has no content type, and paths go below the prefix of the base URL', async (t) => {
  const { client, received } = await start(t, (_, response) => response.end(), { baseUrl: '/astrolabe/api/' });
  await call(client, {
    method: 'DELETE',
    path: '/v1/users/%2E%2E?occurredAt=1',
    template: '/v1/users/{userId}',
    body: undefined,
    idempotencyKey: '"k"',
  });
  const [request] = received;
  assert.equal(request?.url, '/astrolabe/api/v1/users/%2E%2E?occurredAt=1');
  assert.equal(request.headers['content-type'], undefined);
  assert.equal(request.body, '');
});

test('an answer comes with its status, the first of each header, and its body', async (t) => {
  const { client } = await start(t, (_, response) => {
    response.writeHead(429, { 'Retry-After': '7', 'Set-Cookie': ['a=1', 'b=2'] });
    response.end('{"code":"rate-limited"}');
  });
  const outcome = await call(client);
  assert.ok(outcome.kind === 'response');
  assert.deepEqual([outcome.status, outcome.body], [429, '{"code":"rate-limited"}']);
  assert.deepEqual([outcome.headers['retry-after'], outcome.headers['set-cookie']], ['7', 'a=1']);
});

test('a redirect is an answer and is never followed: the key would go to wherever it says', async (t) => {
  const { client, received } = await start(t, (_, response) => {
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  assert.equal(await statusOf(client), 307);
  assert.equal(received.length, 1);
});

test('no answer in time is a time-out, be it that the head, the body or the rest of the body is missing', async (t) => {
  const silent = await start(t, () => undefined, { timeoutMs: 50 });
  assert.deepEqual(await call(silent.client), {
    kind: 'no-response',
    reason: 'timeout',
    message: 'no answer within 50 ms',
  });
  const headOnly = await start(t, (_, response) => response.writeHead(200).flushHeaders(), { timeoutMs: 50 });
  assert.equal(await statusOf(headOnly.client), 'timeout');
  // Each byte comes in time, the whole never does.
  const dripping = await start(
    t,
    (_, response) => {
      const drip = setInterval(() => response.write('.'), 10);
      response.on('close', () => clearInterval(drip));
    },
    { timeoutMs: 100 },
  );
  assert.equal(await statusOf(dripping.client), 'timeout');
});

test('a connection that is reset, or ends in the middle of an answer, counts as no answer', async (t) => {
  const reset = await start(t, (request) => void request.socket.resetAndDestroy());
  assert.equal(await statusOf(reset.client), 'connection');
  const cut = await start(t, (request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half', () => request.socket.destroy());
  });
  assert.equal(await statusOf(cut.client), 'connection');
});

test('a server that is not there is no answer, and once it is there calls go through', async (t) => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const client = createApiClient({ baseUrl: `http://127.0.0.1:${port}`, timeoutMs: 2_000 });
  const outcome = await call(client);
  assert.ok(outcome.kind === 'no-response' && outcome.reason === 'connection');
  assert.match(outcome.message, /ECONNREFUSED/);
  const server = createServer((_, response) => response.end());
  t.after(async () => {
    await client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  assert.equal(await statusOf(client), 200);
});

test('a host that has no address is told apart: nothing was sent', async () => {
  // RFC 6761: "invalid" never resolves.
  const client = createApiClient({ baseUrl: 'http://api.invalid', timeoutMs: 2_000 });
  const outcome = await call(client);
  assert.ok(outcome.kind === 'no-response' && outcome.reason === 'name-resolution', JSON.stringify(outcome));
  await client.close();
});

test('of a large body the start is kept, and the connection serves the next call', async (t) => {
  const { client, connectionCount } = await start(t, (_, response) => response.writeHead(400).end('x'.repeat(200_000)));
  for (let repetition = 0; repetition < 3; repetition += 1) {
    const outcome = await call(client);
    assert.ok(outcome.kind === 'response');
    assert.equal(outcome.body, 'x'.repeat(16_384));
  }
  assert.equal(connectionCount(), 1);
});

test('a body without end is cut off with its connection, and the next call has a new one', async (t) => {
  const { client, connectionCount } = await start(t, (_, response) => {
    response.writeHead(400);
    const flood = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    };
    response.on('drain', flood);
    flood();
  });
  for (let repetition = 1; repetition <= 2; repetition += 1) {
    const outcome = await call(client);
    assert.ok(outcome.kind === 'response');
    assert.equal(outcome.body.length, 16_384);
    assert.equal(connectionCount(), repetition);
  }
});

test('a body that is cut in the middle of a character is text all the same', async (t) => {
  const { client } = await start(t, (_, response) => response.writeHead(400).end('x'.repeat(16_383) + 'ü'));
  const outcome = await call(client);
  assert.ok(outcome.kind === 'response');
  assert.equal(outcome.body, 'x'.repeat(16_383) + '\ufffd');
});

test('of a call that is given up nothing comes any more: before it is on its way, while it runs, and while a body comes in', async (t) => {
  const { client, received, sockets } = await start(t, (request, response) => {
    if (request.url === '/body') response.writeHead(200).flushHeaders();
    started.resolve();
  });
  let started = Promise.withResolvers<void>();
  const outcomes: ApiOutcome[] = [];
  const receiver = { onOutcome: (outcome: ApiOutcome) => void outcomes.push(outcome) };
  client.call(put, 'k', receiver, []).abort();
  for (const path of ['/head', '/body']) {
    started = Promise.withResolvers<void>();
    const calling = client.call({ ...put, path }, 'k', receiver, []);
    await started.promise;
    const closed = Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
    calling.abort();
    await closed;
  }
  assert.deepEqual(outcomes, []);
  assert.equal(received.length, 2);
});

test('a request that cannot be built counts as no answer, and is reported after the call returns', async (t) => {
  const { client } = await start(t, (_, response) => response.end());
  const outcomes: ApiOutcome[] = [];
  const told = new Promise<void>((resolve) => {
    const receiver = {
      onOutcome: (each: ApiOutcome) => {
        outcomes.push(each);
        resolve();
      },
    };
    client.call({ ...put, path: '/with blank' }, 'k', receiver, []);
  });
  assert.equal(outcomes.length, 0);
  await told;
  assert.equal(outcomes[0]?.kind, 'no-response');
});

test('there are as many connections as calls at once, and what follows an answer goes out on its connection', async (t) => {
  const open: ServerResponse[] = [];
  const arrived = Promise.withResolvers<void>();
  const { client, connectionCount } = await start(t, (_, response) => {
    open.push(response);
    if (open.length === 2) arrived.resolve();
    if (open.length > 2) response.end();
  });
  const calls = [1, 2].map(async () => [await statusOf(client), await statusOf(client)]);
  await arrived.promise;
  for (const response of open.slice()) response.end();
  assert.deepEqual(await Promise.all(calls), [
    [200, 200],
    [200, 200],
  ]);
  assert.equal(connectionCount(), 2);
});

test('a call that is given up, or whose connection is cut, leaves the next one a working connection of its own', async (t) => {
  let count = 0;
  const { client, sockets } = await start(
    t,
    (_, response) => {
      count += 1;
      if (count % 3 === 0) response.end();
      if (count % 3 === 1) for (const socket of sockets) socket.destroy();
    },
    { timeoutMs: 1_000 },
  );
  const seen: (number | string)[] = [];
  for (let round = 0; round < 9; round += 1) seen.push(await statusOf(client));
  assert.deepEqual(seen, ['connection', 'timeout', 200, 'connection', 'timeout', 200, 'connection', 'timeout', 200]);
  assert.equal(sockets.size, 1);
});

test('a call that is made as soon as another has failed to connect is a call like any other', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const client = createApiClient({ baseUrl: `http://127.0.0.1:${port}`, timeoutMs: 2_000 });
  const outcomes = await new Promise<ApiOutcome[]>((resolve) => {
    const seen: ApiOutcome[] = [];
    const again = (): void => {
      const receiver = {
        onOutcome: (outcome: ApiOutcome) => {
          seen.push(outcome);
          // As a gate does, within the outcome.
          if (seen.length < 5) again();
          else resolve(seen);
        },
      };
      client.call(put, 'the-key', receiver, []);
    };
    again();
  });
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.kind === 'no-response' ? outcome.reason : outcome.status)),
    ['connection', 'connection', 'connection', 'connection', 'connection'],
  );
  await client.close();
});

test('an answer that tells the key again is handed on without it, refused or in bulk', async (t) => {
  for (const [status, request] of [
    [400, put],
    [200, { ...put, idempotencyKey: undefined }],
  ] as const) {
    const { client } = await start(t, ({ headers }, response) => {
      response.writeHead(status).end(JSON.stringify({ detail: `you sent ${headers.authorization}` }));
    });
    const outcome = await call(client, request);
    assert.ok(outcome.kind === 'response');
    assert.equal(outcome.body, '{"detail":"you sent Bearer [redacted]"}');
  }
});
