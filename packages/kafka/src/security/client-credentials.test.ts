import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createPlainServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { LiveText } from '@astrolabe/service-kit';
import { createAuthority } from '@astrolabe/testkit';
import { fetchByClientCredentials, type ClientCredentials } from './client-credentials.ts';

const NOW_MS = 1_700_000_000_000;
const SECRET = 'hunter2';

/** An endpoint with one answer to everything. */
async function endpoint(t: TestContext, status: number, body: string, requests: IncomingMessage[] = []): Promise<string> {
  const answer: RequestListener = (request, response) => {
    requests.push(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  };
  const server = createPlainServer(answer).listen(0, '127.0.0.1');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
}

const ask = (tokenUrl: string, more: Partial<ClientCredentials> = {}) =>
  fetchByClientCredentials({ tokenUrl, clientId: 'c', clientSecret: LiveText.of(SECRET), ...more }, () => NOW_MS)();

const good = JSON.stringify({ access_token: 'opaque', token_type: 'Bearer', expires_in: 300 });

test('a token is asked for with id and secret, scope and audience, and is good for as long as the answer says', async (t) => {
  const requests: IncomingMessage[] = [];
  let body = '';
  const server = createPlainServer((request, response) => {
    requests.push(request);
    void text(request).then((sent) => {
      body = sent;
      response.writeHead(200, { 'content-type': 'application/json' }).end(good);
    });
  }).listen(0, '127.0.0.1');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const token = await ask(url, { scope: 'kafka', audience: 'brokers' });
  assert.deepEqual(token, { value: 'opaque', expiresAtMs: NOW_MS + 300_000 });
  const basic = `Basic ${Buffer.from(`c:${SECRET}`).toString('base64')}`;
  assert.equal(requests[0]?.headers.authorization, basic);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(body)), {
    grant_type: 'client_credentials',
    scope: 'kafka',
    audience: 'brokers',
  });
});

test('an answer that does not say how long its token is good is taken by the token, or refused', async (t) => {
  const claims = Buffer.from(JSON.stringify({ exp: 1_700_000_060 })).toString('base64url');
  const bodyOf = (token: string) => JSON.stringify({ access_token: token, token_type: 'Bearer' });
  const jwt = await endpoint(t, 200, bodyOf(`e30.${claims}.`));
  assert.equal((await ask(jwt)).expiresAtMs, NOW_MS + 60_000);
  const opaque = await endpoint(t, 200, bodyOf('opaque'));
  await assert.rejects(ask(opaque), { code: 'kafka.token-unavailable', message: /does not say how long/ });
});

test('whatever goes wrong is told by status and code, is tried again, and the answer is not repeated', async (t) => {
  const repeated = JSON.stringify({ error: 'invalid_client', error_description: `${SECRET} is not the secret` });
  const cases: readonly (readonly [number, string, RegExp])[] = [
    [401, repeated, /: status 401, invalid_client; check KAFKA_SASL_OAUTH_\*$/],
    [400, JSON.stringify({ error: `not ${SECRET}` }), /: status 400; check/],
    [503, '<html>', /gave no token for the brokers: /],
    [200, '<html>', /gave no token for the brokers: /],
    [200, '{}', /gave no token for the brokers: /],
  ];
  for (const [status, body, message] of cases) {
    const url = await endpoint(t, status, body);
    await assert.rejects(ask(url), (error: Error & { readonly code?: string; readonly retryable?: boolean }) => {
      assert.deepEqual([error.code, error.retryable], ['kafka.token-unavailable', true]);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, new RegExp(SECRET));
      return true;
    });
  }
  const gone = createPlainServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await once(gone, 'close');
  await assert.rejects(ask(`http://127.0.0.1:${port}/token`), { code: 'kafka.token-unavailable', message: /ECONNREFUSED/ });
});

test('an endpoint with a private authority is trusted with that authority only', async (t) => {
  const authority = await createAuthority('CN=tests');
  const own = await authority.issue({ subject: 'CN=idp', addresses: ['127.0.0.1'] });
  const server = createServer(own, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(good);
  }).listen(0, '127.0.0.1');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  assert.equal((await ask(url, { ca: LiveText.of(authority.cert) })).value, 'opaque');
  await assert.rejects(ask(url), { code: 'kafka.token-unavailable', message: /signed by no authority .* KAFKA_SASL_OAUTH_CA_FILE/ });
});
