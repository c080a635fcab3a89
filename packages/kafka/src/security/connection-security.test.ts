import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test, type TestContext } from 'node:test';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import { LiveText, configSections, defineConfig, readConfig, type Environment } from '@astrolabe/service-kit';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { createFetch } from '@astrolabe/service-kit/tls';
import { createAuthority, type CertificateAuthority, type IssuedCertificate } from '@astrolabe/testkit';
import { createSchemaRegistry } from '../registry/schema-registry.ts';

const definition = defineConfig(configSections.kafka);
let authority: CertificateAuthority;
let mine: IssuedCertificate;

before(async () => {
  authority = await createAuthority('CN=tests');
  mine = await authority.issue({ subject: 'CN=me' });
});

function problemsOf(env: Environment): string[] {
  try {
    readConfig(definition, { KAFKA_BROKERS: 'b:1', KAFKA_SSL: 'true', ...env });
    return [];
  } catch (error) {
    assert.ok(isPipelineError(error, 'config.invalid'));
    return error.message.split('\n').slice(1);
  }
}

test('a key that is encrypted needs its passphrase, and one of another certificate is refused at start', async () => {
  const encrypted = createPrivateKey(mine.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'open sesame',
  }) as string;
  const env = { KAFKA_SSL_CA: authority.cert, KAFKA_SSL_CERT: mine.cert };
  assert.deepEqual(problemsOf({ ...env, KAFKA_SSL_KEY: mine.key }), []);
  assert.deepEqual(problemsOf({ ...env, KAFKA_SSL_KEY: encrypted, KAFKA_SSL_KEY_PASSPHRASE: 'open sesame' }), []);
  const [none] = problemsOf({ ...env, KAFKA_SSL_KEY: encrypted });
  assert.match(
    none ?? '',
    /KAFKA_SSL_KEY is a secret that is not shown; expected .* KAFKA_SSL_KEY_PASSPHRASE beside it/,
  );
  const [wrong] = problemsOf({ ...env, KAFKA_SSL_KEY: encrypted, KAFKA_SSL_KEY_PASSPHRASE: 'no' });
  assert.match(wrong ?? '', /can open with KAFKA_SSL_KEY_PASSPHRASE/);
  const other = await authority.issue({ subject: 'CN=other' });
  assert.match(problemsOf({ ...env, KAFKA_SSL_KEY: other.key })[0] ?? '', /the private key of KAFKA_SSL_CERT/);
});

test('what is not a certificate or not a key is told, all at once', () => {
  const lines = problemsOf({ KAFKA_SSL_CA: 'x', KAFKA_SSL_CERT: mine.key, KAFKA_SSL_KEY: mine.cert });
  assert.deepEqual(
    lines.map((line) => line.trim().replace(/ is .*; expected/, ':')),
    ['KAFKA_SSL_CA: certificates in PEM', 'KAFKA_SSL_CERT: certificates in PEM', 'KAFKA_SSL_KEY: a private key in PEM'],
  );
});

/** Wants a certificate of the clients, and answers with its subject. */
async function startServer(t: TestContext): Promise<string> {
  const own = await authority.issue({ subject: 'CN=registry', addresses: ['127.0.0.1'] });
  const options = { ...own, ca: authority.cert, requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, (request, response) => {
    assert.ok(request.socket instanceof TLSSocket);
    // Of a client without a certificate it is an empty object.
    const { subject } = request.socket.getPeerCertificate() as Partial<PeerCertificate>;
    // `subject` is undefined where no certificate came.
    response.end(JSON.stringify({ schema: JSON.stringify({ type: 'fixed', size: 1, name: subject?.CN ?? 'nobody' }) }));
  }).listen(0, '127.0.0.1');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server, 'listening');
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a registry with a private authority is asked with the certificate as it is now', async (t) => {
  const url = await startServer(t);
  const folder = mkdtempSync(join(tmpdir(), 'astrolabe-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): LiveText => {
    writeFileSync(join(folder, name), text);
    return LiveText.inFile(join(folder, name), name);
  };
  const tls = { ca: LiveText.of(authority.cert), cert: write('cert', mine.cert), key: write('key', mine.key) };
  const registry = createSchemaRegistry({ url, tls });
  const nameNow = async (): Promise<unknown> => {
    const schema = await registry.schemaById(1);
    assert.ok(schema?.kind === 'avro');
    return schema.type.name;
  };
  assert.equal(await nameNow(), 'me');
  const renewed = await authority.issue({ subject: 'CN=renewed' });
  write('cert', renewed.cert);
  write('key', renewed.key);
  assert.equal(await nameNow(), 'renewed');
});

test('a registry whose authority is not trusted is told with the variable to set', async (t) => {
  const registry = createSchemaRegistry({ url: await startServer(t) });
  await assert.rejects(registry.schemaById(1), {
    code: 'registry.unavailable',
    message: /signed by no authority that is trusted .* SCHEMA_REGISTRY_SSL_CA_FILE/,
  });
});

test('without settings of TLS, requests are made by Node as ever', () => {
  assert.equal(createFetch({ ca: undefined, serverName: undefined }), fetch);
});
