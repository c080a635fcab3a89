/**
 * Connections to a broker with TLS and logins: what is refused is told with what to set, nothing is tried without a
 * pause, and what is replaced while a process runs is used without a restart.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import {
  connectionFromConfig,
  createKafkaAdmin,
  createRecordProducer,
  createTopicInspector,
  type KafkaConnection,
} from '@astrolabe/kafka';
import { rightsFor, toHeaders, toKafkaAcls, topicsFor } from '@astrolabe/records';
import { configSections, createLogger, defineConfig, readConfig } from '@astrolabe/service-kit';
import { eventually, type CertificateAuthority, type SecuredListener } from '@astrolabe/testkit';
import { allow, parsePrintedAcls } from './access-rules.ts';
import { connectAs, HOST, logger, startSecuredKafka, type SecuredKafka } from './secured-kafka.ts';
import { startService } from './started-service.ts';
import { startTokenServer } from './token-server.ts';

const topics = topicsFor('', 1);
const { segmentEvents } = topics;
const HOUR_MS = 3_600_000;
const TOKEN_SECONDS = 8;
/** Within it, a password that was revoked is noticed. */
const SESSION_MS = 4_000;
let kafka: SecuredKafka;

before(async () => {
  const moreListeners = async (authority: CertificateAuthority): Promise<SecuredListener[]> => {
    const subject = 'CN=broker';
    const expired = { subject, addresses: [HOST], validUntil: new Date(Date.now() - HOUR_MS / 2) };
    return [
      { name: 'EXPIRED', clients: 'login', certificate: await authority.issue(expired) },
      {
        name: 'ELSEWHERE',
        clients: 'login',
        certificate: await authority.issue({ subject, hostNames: ['kafka.example'] }),
      },
      { name: 'MUTUAL', clients: 'certificate', certificate: await authority.issue({ subject, addresses: [HOST] }) },
    ];
  };
  kafka = await startSecuredKafka({ moreListeners, sessionMs: SESSION_MS });
  const admin = await createKafkaAdmin(kafka.superuser);
  await admin.applyTopics(await admin.planTopics(Object.values(topics), 1));
  await admin.close();
  for (const user of ['ingest', 'CN=ingest', 'token-user']) {
    const acls = toKafkaAcls({ principal: `User:${user}`, rights: rightsFor().ingest });
    await allow(kafka.superuser, parsePrintedAcls(acls.join('\n')));
  }
});
after(() => kafka.stop());

type Variables = Readonly<Record<string, string>>;

const connect = (env: Variables, log = logger): KafkaConnection =>
  connectionFromConfig(readConfig(defineConfig(configSections.kafka), env), 'test', log);

async function describeTopic(env: Variables) {
  const inspector = createTopicInspector(connect(env));
  try {
    return await inspector.describe([segmentEvents.name]);
  } finally {
    await inspector.close();
  }
}

/** Write is bit 4 of what a user may do. */
async function assertMayWrite(env: Variables): Promise<void> {
  const [topic] = await describeTopic(env);
  assert.equal((topic?.allowedOperations ?? 0) & (1 << 4), 1 << 4);
}

const refused = (env: Variables, code: string, message: RegExp) =>
  assert.rejects(describeTopic(env), (error: Error & { readonly code?: string; readonly retryable?: boolean }) => {
    assert.deepEqual([error.code, error.retryable], [code, true], error.message);
    assert.match(error.message, message);
    return true;
  });

describe('connections', { concurrency: 4 }, () => {
  test('a certificate of an authority that is not trusted is refused, and the variable for theirs named', async () => {
    const { KAFKA_SSL_CA_FILE: _ours, ...env } = await connectAs(kafka, 'ingest');
    await refused(env, 'kafka.certificate-refused', /signed by no authority that is trusted .* KAFKA_SSL_CA_FILE$/);
  });

  test('a certificate that has expired is refused and told', async () => {
    const env = await connectAs(kafka, 'ingest', 'EXPIRED');
    await refused(env, 'kafka.certificate-refused', /has expired \(CERT_HAS_EXPIRED\); they need a new one$/);
  });

  test('a certificate for another host is refused, unless the name that it has is configured', async () => {
    const env = await connectAs(kafka, 'ingest', 'ELSEWHERE');
    await refused(env, 'kafka.certificate-refused', /is for another host name .* set KAFKA_SSL_SERVER_NAME to one$/);
    await assertMayWrite({ ...env, KAFKA_SSL_SERVER_NAME: 'kafka.example' });
  });

  test('a client shows a certificate, by which the broker knows it', async () => {
    const { cert, key } = await kafka.authority.issue({ subject: 'CN=ingest' });
    const env = {
      KAFKA_BROKERS: kafka.stack.addressOf('MUTUAL'),
      KAFKA_SSL: 'true',
      KAFKA_SSL_CA_FILE: kafka.caFile,
    };
    await assertMayWrite({
      ...env,
      KAFKA_SSL_CERT_FILE: await kafka.write('ingest.pem', cert),
      KAFKA_SSL_KEY_FILE: await kafka.write('ingest.key', key),
    });
    assert.equal(connect({ ...env, KAFKA_SSL_CERT: cert, KAFKA_SSL_KEY: key }).principal, 'User:CN=ingest');
    await refused(env, 'kafka.certificate-refused', /refused the certificate of this process .* KAFKA_SSL_CERT_FILE/);
  });

  test('a wrong password, an unknown user and a mechanism that the broker lacks are told with the variables to check', async () => {
    const env = await connectAs(kafka, 'ingest');
    const wrong = { ...env, KAFKA_SASL_PASSWORD_FILE: await kafka.write('wrong', 'not-it') };
    const told =
      /refuse the login of User:ingest \(127\.0\.0\.1:\d+\); check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD$/;
    await refused(wrong, 'kafka.unauthenticated', told);
    await refused({ ...env, KAFKA_SASL_USERNAME: 'nobody' }, 'kafka.unauthenticated', /login of User:nobody/);
    const sha256 = { ...env, KAFKA_SASL_MECHANISM: 'scram-sha-256' };
    await refused(sha256, 'kafka.unauthenticated', /login of User:ingest/);
  });

  test('a token that is not good is refused, and so is a client that the endpoint does not know', async (t) => {
    const server = await startTokenServer({ clientId: 'c', clientSecret: 's', subject: 'x', lifetimeSeconds: -60 });
    t.after(() => server.close());
    const env = tokenVariables(server.url, 's');
    await refused(env, 'kafka.unauthenticated', /refuse the login of User:x .* check KAFKA_SASL_OAUTH_\*/);
    const stranger = tokenVariables(server.url, 'not-it');
    await refused(stranger, 'kafka.token-unavailable', /gave no token for the brokers: status 401, invalid_client/);
  });

  test('a token that expires in the middle of traffic is replaced before, and not a record is lost or late', (t) =>
    sendThroughExpiries(t));

  test('a service whose password is revoked says so and is not ready, and takes the new one from its file', async (t) => {
    const env = await connectAs(kafka, 'ingest');
    const connectorsFile = await kafka.write(
      'connectors.json',
      JSON.stringify({ connectors: [{ id: 'acme', name: 'Acme', apiKey: 'key' }] }),
    );
    const user = { ...env, KAFKA_SASL_USERNAME: 'revoked' };
    const acls = toKafkaAcls({ principal: 'User:revoked', rights: rightsFor().ingest });
    await allow(kafka.superuser, parsePrintedAcls(acls.join('\n')));
    const passwordFile = await kafka.write('revoked', 'first');
    await kafka.setPassword('revoked', 'first');
    const ingest = await startService(t, 'ingest', {
      ...user,
      KAFKA_SASL_PASSWORD_FILE: passwordFile,
      CONNECTORS_FILE: connectorsFile,
      INGEST_PORT: '0',
      INGEST_DRAIN_MS: '0',
    });
    await ingest.untilReady();
    await kafka.setPassword('revoked', 'second');
    const from = ingest.lines.length;
    await ingest.untilTold(/refuse the login of User:revoked .* check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD/);
    const warnings = ingest.lines.slice(from).filter(({ level }) => level === 'warn' || level === 'error');
    assert.ok(warnings.length <= 6, warnings.map((line) => JSON.stringify(line)).join('\n'));
    await kafka.write('revoked', 'second');
    await ingest.untilReady();
  });
});

function tokenVariables(url: string, clientSecret: string): Variables {
  return {
    KAFKA_BROKERS: kafka.stack.addressOf('LOGIN'),
    KAFKA_SSL: 'true',
    KAFKA_SSL_CA_FILE: kafka.caFile,
    KAFKA_SASL_MECHANISM: 'oauthbearer',
    KAFKA_SASL_OAUTH_TOKEN_URL: url,
    KAFKA_SASL_OAUTH_CLIENT_ID: 'c',
    KAFKA_SASL_OAUTH_CLIENT_SECRET: clientSecret,
  };
}

async function sendThroughExpiries(t: TestContext): Promise<void> {
  const server = await startTokenServer({
    clientId: 'c',
    clientSecret: 's',
    subject: 'token-user',
    lifetimeSeconds: TOKEN_SECONDS,
  });
  t.after(() => server.close());
  const lines: string[] = [];
  const watched = createLogger({
    name: 'token',
    level: 'info',
    destination: { write: (line: string) => void lines.push(line) },
  });
  const connection = connect(tokenVariables(server.url, 's'), watched);
  const producer = await createRecordProducer({ connection, logger: watched });
  t.after(() => producer.close());
  const admin = await createKafkaAdmin(kafka.superuser);
  t.after(() => admin.close());
  const endOf = async (): Promise<bigint> => (await admin.watermarks(segmentEvents.name))[0]?.highWatermark ?? 0n;
  const before = await endOf();
  let isOver = false;
  // Several at a time: a login must not come between the requests of the others.
  const senders = Array.from({ length: 8 }, async () => {
    let sent = 0;
    while (!isOver) {
      await producer.send(segmentEvents.name, [
        { key: Buffer.from('k'), value: Buffer.from('{}'), headers: toHeaders({}) },
      ]);
      sent += 1;
    }
    return sent;
  });
  // The broker closes a connection whose token has expired: three tokens are two of those.
  await eventually(() => server.given >= 5, { timeoutMs: 60_000, describe: 'the fifth token' });
  isOver = true;
  const sent = (await Promise.all(senders)).reduce((sum, each) => sum + each, 0);
  assert.equal((await endOf()) - before, BigInt(sent));
  assert.deepEqual(
    lines.filter((line) => /closed|failed|error/i.test(line)),
    [],
  );
}
