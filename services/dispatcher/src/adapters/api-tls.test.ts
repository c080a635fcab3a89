import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import { LiveText } from '@astrolabe/service-kit';
import type { TlsMaterial } from '@astrolabe/service-kit/tls';
import { createAuthority, type CertificateAuthority } from '@astrolabe/testkit';
import type { ApiOutcome } from '../core/classify-response.ts';
import { createApiClient } from './undici-api-client.ts';

/** Answers with the name on the client's certificate, and ends each connection. */
async function startApi(t: TestContext, authority: CertificateAuthority): Promise<string> {
  const own = await authority.issue({ subject: 'CN=api', hostNames: ['api.example'] });
  const options = { ...own, ca: authority.cert, requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, (request, response) => {
    assert.ok(request.socket instanceof TLSSocket);
    // Of a client without a certificate it is an empty object.
    const { subject } = request.socket.getPeerCertificate() as Partial<PeerCertificate>;
    response.writeHead(400, { connection: 'close' }).end(subject?.CN ?? 'nobody');
  }).listen(0, '127.0.0.1');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server, 'listening');
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function callWith(t: TestContext, baseUrl: string, tls: TlsMaterial): Promise<() => Promise<ApiOutcome>> {
  const client = createApiClient({ baseUrl, timeoutMs: 10_000, tls });
  t.after(() => client.close());
  const request = {
    method: 'PUT',
    path: '/v1/users/u',
    body: '{}',
    idempotencyKey: '"i"',
    template: '/v1/users/{userId}',
  } as const;
  return () => new Promise((resolve) => client.call(request, 'key', { onOutcome: resolve }, []));
}

const bodyOf = (outcome: ApiOutcome): string => (outcome.kind === 'response' ? outcome.body : outcome.message);

test('the API is called over TLS with our authority, name and certificate, and a certificate that was replaced is used next', async (t) => {
  const authority = await createAuthority('CN=tests');
  const baseUrl = await startApi(t, authority);
  const folder = mkdtempSync(join(tmpdir(), 'astrolabe-api-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): LiveText => {
    writeFileSync(join(folder, name), text);
    return LiveText.inFile(join(folder, name), name);
  };
  const replace = async (subject: string) => {
    const { cert, key } = await authority.issue({ subject });
    return { cert: write('cert', cert), key: write('key', key) };
  };
  const tls = { ca: LiveText.of(authority.cert), serverName: 'api.example', ...(await replace('CN=first')) };
  const call = await callWith(t, baseUrl, tls);
  assert.equal(bodyOf(await call()), 'first');
  await replace('CN=second');
  assert.equal(bodyOf(await call()), 'second');
});

test('without its authority or its name the API is not trusted, and the call is tried again', async (t) => {
  const authority = await createAuthority('CN=tests');
  const baseUrl = await startApi(t, authority);
  for (const [tls, told] of [
    [{}, /SELF_SIGNED|UNABLE_TO_VERIFY/],
    [{ ca: LiveText.of(authority.cert) }, /ERR_TLS_CERT_ALTNAME_INVALID/],
    [
      { ca: LiveText.inFile('/nowhere/ca', 'DISPATCHER_API_SSL_CA_FILE') },
      /DISPATCHER_API_SSL_CA_FILE names, \/nowhere/,
    ],
  ] as const) {
    const outcome = await (await callWith(t, baseUrl, tls))();
    assert.equal(outcome.kind, 'no-response');
    assert.match(bodyOf(outcome), told);
  }
});
