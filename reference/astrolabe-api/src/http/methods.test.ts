/** Every method on every route, and other ways to write a path. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { METHODS } from 'node:http';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { startReferenceApi } from '../index.ts';
import { apiKeys } from '../testing/validating-client.ts';

const allowOf: Readonly<Record<string, string>> = {
  '/v1/users': 'GET, HEAD',
  '/v1/users/u': 'GET, HEAD, PUT, DELETE',
  '/v1/accounts': 'GET, HEAD',
  '/v1/accounts/a': 'GET, HEAD, PUT',
  '/v1/accounts/a/users': 'GET, HEAD',
  '/v1/accounts/a/users/u': 'PUT',
  '/v1/events': 'GET, HEAD, POST',
  '/v1/commands': 'POST',
  '/livez': 'GET, HEAD',
  '/__reference/faults': 'GET, HEAD, POST, DELETE',
  '/__reference/api-keys': 'PUT',
  '/__reference/calls': 'GET, HEAD',
  '/__reference/counters': 'GET, HEAD',
};

const key = 'Authorization: Bearer key-of-acme';

interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends a request as it is written, since clients have opinions on methods and paths. */
async function startRawApi(t: TestContext): Promise<(line: string, ...rest: string[]) => Promise<RawAnswer>> {
  const onError = (error: unknown) => assert.fail(error as Error);
  const api = await startReferenceApi({ apiKeys, enableControl: true, onError });
  t.after(() => api.close());
  const port = Number(new URL(api.url).port);
  return async (line, headers = key, content = '') => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    const length = content === '' ? '' : `Content-Length: ${content.length}\r\n`;
    socket.write(`${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n${length}\r\n${content}`);
    await once(socket, 'close');
    const [head = '', body = ''] = text.split('\r\n\r\n');
    return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, body };
  };
}

function codeOf({ head, body }: RawAnswer): unknown {
  assert.match(head, /content-type: application\/problem\+json/i);
  return (JSON.parse(body) as { code: unknown }).code;
}

for (const [path, allow] of Object.entries(allowOf)) {
  test(`${path} has ${allow}; every other method is 405, which says so, whatever the body is`, async (t) => {
    const send = await startRawApi(t);
    const others = METHODS.filter((method) => method !== 'CONNECT' && !allow.split(', ').includes(method));
    for (const method of others) {
      const answer = await send(`${method} ${path}`);
      assert.equal(answer.status, 405, method);
      assert.match(answer.head, new RegExp(`\r\nallow: ${allow}\r\n`), method);
      if (method !== 'HEAD') assert.equal(codeOf(answer), 'method-not-allowed');
    }
    const unreadable = await send(`PATCH ${path}`, `${key}\r\nContent-Type: application/json`, '{');
    assert.equal(unreadable.status, 405);
    assert.equal((await send(`PATCH ${path}`, `${key}\r\nContent-Type: text/plain`, 'x')).status, 405);
  });
}

test('HEAD is GET without the body', async (t) => {
  const send = await startRawApi(t);
  for (const path of ['/v1/users', '/v1/users/nobody', '/v1/users?limit=0', '/livez']) {
    const [get, head] = [await send(`GET ${path}`), await send(`HEAD ${path}`)];
    assert.deepEqual([head.status, head.body], [get.status, ''], path);
    assert.match(head.head, new RegExp(`content-length: ${get.body.length}`), path);
  }
});

test('a path of the API needs a key however it is written', async (t) => {
  const send = await startRawApi(t);
  for (const target of ['/v1/users', '/v%31/users', '/%76%31/users/u', 'http://x/v1/users', '/v1/nothing']) {
    for (const method of ['GET', 'PUT', 'TRACE']) {
      const answer = await send(`${method} ${target}`, 'Accept: */*');
      assert.deepEqual([answer.status, codeOf(answer)], [401, 'unauthorized'], `${method} ${target}`);
    }
  }
  for (const target of ['/v%31/users', 'http://x/v1/users']) assert.equal((await send(`GET ${target}`)).status, 200);
});

test('path ids that are empty, too long or not UTF-8 are refused by every method that has them', async (t) => {
  const send = await startRawApi(t);
  const long = 'x'.repeat(1_001);
  for (const id of ['', long, '%F0%9F%98%80'.repeat(1_001), '%FF', '%ED%A0%80']) {
    for (const line of [
      `GET /v1/users/${id}`,
      `PUT /v1/users/${id}`,
      `DELETE /v1/users/${id}`,
      `GET /v1/accounts/${id}`,
      `PUT /v1/accounts/${id}`,
      `GET /v1/accounts/${id}/users`,
      `PUT /v1/accounts/${id}/users/u`,
      `PUT /v1/accounts/a/users/${id}`,
    ]) {
      const answer = await send(line, `${key}\r\nIdempotency-Key: "k"`);
      assert.deepEqual([answer.status, codeOf(answer)], [400, 'invalid-id'], line.slice(0, 60));
    }
  }
});

test('an unreadable request is answered with a problem too', async (t) => {
  const send = await startRawApi(t);
  const cases: [line: string, headers: string, status: number, code: string][] = [
    ['FETCH /v1/users', key, 501, 'not-implemented'],
    [`GET /v1/users/${'x'.repeat(70_000)}`, key, 431, 'invalid-request'],
    ['GET /v1/users', `${key}\r\nX-Bell: \u0001`, 400, 'invalid-request'],
  ];
  for (const [line, headers, status, code] of cases) {
    const answer = await send(line, headers);
    assert.deepEqual([answer.status, codeOf(answer)], [status, code], line.slice(0, 40));
  }
});

test('a compressed body is refused for its encoding', async (t) => {
  const send = await startRawApi(t);
  const headers = `${key}\r\nIdempotency-Key: "k"\r\nContent-Type: application/json`;
  const content = '{"occurredAt":"2025-11-24T10:30:00Z","properties":{}}';
  for (const coding of ['gzip', 'GZIP', 'br', 'identity, gzip']) {
    const answer = await send('PUT /v1/users/u', `${headers}\r\nContent-Encoding: ${coding}`, content);
    assert.deepEqual([answer.status, codeOf(answer)], [415, 'unsupported-media-type'], coding);
  }
  assert.equal((await send('PUT /v1/users/u', `${headers}\r\nContent-Encoding: identity`, content)).status, 200);
});
