/** A broker that wants TLS and a login and obeys access control lists, with the users of a pipeline. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafkaConnection, createTopicInspector, type KafkaConnection } from '@astrolabe/kafka';
import { LiveText, createLogger } from '@astrolabe/service-kit';
import {
  createAuthority,
  eventually,
  ownStackEnvironment,
  startSecuredStack,
  type CertificateAuthority,
  type IssuedCertificate,
  type SecuredListener,
  type SecuredStack,
} from '@astrolabe/testkit';
import { setPasswords } from './scram-users.ts';

export interface SecuredKafka {
  readonly stack: SecuredStack;
  readonly authority: CertificateAuthority;
  /** Of the plain listener: may do everything. */
  readonly superuser: KafkaConnection;
  readonly folder: string;
  /** Where the authority's certificate is. */
  readonly caFile: string;
  /** Writes a file into the folder, and gives its path. */
  write(name: string, text: string): Promise<string>;
  /** Sets the user's password at the broker, and only there; resolves once the broker takes it. */
  setPassword(user: string, password: string): Promise<void>;
  stop(): Promise<void>;
}

export const logger = createLogger({ name: 'secured', level: 'silent' });
export const HOST = '127.0.0.1';

export interface SecuredKafkaOptions {
  readonly moreListeners?: (authority: CertificateAuthority) => Promise<readonly SecuredListener[]>;
  /** How long a login counts. Default: as long as the connection lasts. */
  readonly sessionMs?: number;
}

/** With the listener LOGIN, whose certificate is for 127.0.0.1, and what else is asked for. */
export async function startSecuredKafka({
  moreListeners = async () => [],
  sessionMs,
}: SecuredKafkaOptions = {}): Promise<SecuredKafka> {
  const authority = await createAuthority('CN=tests');
  const certificate: IssuedCertificate = await authority.issue({ subject: 'CN=broker', addresses: [HOST] });
  const stack = await startSecuredStack({
    env: ownStackEnvironment(process.env),
    listeners: [{ name: 'LOGIN', clients: 'login', certificate }, ...(await moreListeners(authority))],
    clientAuthority: authority.cert,
    sessionMs,
  });
  const folder = await mkdtemp(join(tmpdir(), 'astrolabe-secured-'));
  const superuser = createKafkaConnection({ brokers: [stack.kafkaBrokers], clientId: 'superuser', logger });
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    // At once: another test may be reading what is there.
    const written = `${path}.${randomUUID()}`;
    await writeFile(written, text);
    await rename(written, path);
    return path;
  };
  return {
    stack,
    authority,
    superuser,
    folder,
    caFile: await write('ca.pem', authority.cert),
    write,
    setPassword: async (user, password) => {
      await setPasswords(superuser, { [user]: password });
      const connection = createKafkaConnection({
        brokers: [stack.addressOf('LOGIN')],
        clientId: 'password',
        tls: { ca: LiveText.of(authority.cert) },
        login: { kind: 'password', mechanism: 'scram-sha-512', username: user, password: LiveText.of(password) },
        logger,
      });
      await untilTaken(connection);
    },
    stop: async () => {
      await stack.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** The broker hears of what the controller has stored a moment later. */
async function untilTaken(connection: KafkaConnection): Promise<void> {
  const inspector = createTopicInspector(connection);
  const isTaken = async (): Promise<boolean> => {
    await inspector.describe(['any']);
    return true;
  };
  await eventually(isTaken, { timeoutMs: 30_000, describe: 'the broker to take the password' });
  await inspector.close();
}

/** What a process needs to connect as a user, whose password is in a file that the test may rewrite. */
export async function connectAs(
  kafka: SecuredKafka,
  user: string,
  listener = 'LOGIN',
): Promise<Readonly<Record<string, string>>> {
  const password = `${user}-password`;
  await kafka.setPassword(user, password);
  return {
    KAFKA_BROKERS: kafka.stack.addressOf(listener),
    KAFKA_SSL: 'true',
    KAFKA_SSL_CA_FILE: kafka.caFile,
    KAFKA_SASL_MECHANISM: 'scram-sha-512',
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD_FILE: await kafka.write(`${user}-password`, `${password}\n`),
  };
}
