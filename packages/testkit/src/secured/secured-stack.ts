/**
 * A broker with TLS, logins and an authorizer, and a registry, as processes of this machine. Who is on the plain
 * listener is `User:ANONYMOUS`, who may do everything; on the others only what access control lists allow.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IssuedCertificate } from '../certificates/create-authority.ts';
import { findFreePorts } from '../network/free-ports.ts';
import { guardian } from '../process/guardian-client.ts';
import type { BrokerControl } from '../stack/broker-control.ts';
import { brokerProperties, type BrokerLayout } from '../stack/broker-properties.ts';
import { waitForBroker } from '../stack/readiness.ts';
import { clusterUnavailable } from '../stack-choice/stack-requirements.ts';
import { formatIfNew, newClusterId } from '../jvm/jvm-broker-storage.ts';
import { runJvmBroker } from '../jvm/jvm-broker.ts';
import { findJvmInstallation } from '../jvm/jvm-installation.ts';
import { retryOnTakenPort } from '../jvm/jvm-process.ts';
import { startJvmRegistry } from '../jvm/jvm-registry.ts';
import type { JvmPrograms } from '../jvm/jvm-programs.ts';
import { provideJvmPrograms } from '../jvm/provide-jvm-programs.ts';

export interface SecuredListener {
  /** In capitals. */
  readonly name: string;
  /**
   * `login`: SASL_SSL with SCRAM, and OAUTHBEARER for tokens without a signature. `certificate`: SSL, and each client
   * shows a certificate.
   */
  readonly clients: 'login' | 'certificate';
  readonly certificate: IssuedCertificate;
}

export interface SecuredStackOptions {
  /** The environment to decide by. Normally `process.env`. */
  readonly env: NodeJS.ProcessEnv;
  readonly listeners: readonly SecuredListener[];
  /** Certificates in PEM of those who sign the clients' certificates. */
  readonly clientAuthority: string;
  /** How long a login with SCRAM-SHA-512 counts before it must be repeated. Default: as long as its connection. */
  readonly sessionMs?: number | undefined;
}

export interface SecuredStack {
  /** Of the plain listener. */
  readonly kafkaBrokers: string;
  readonly schemaRegistryUrl: string;
  readonly kafka: BrokerControl;
  /** `127.0.0.1:port` of a listener that was named. */
  addressOf(listener: string): string;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const HEAP_MEGABYTES = 512;

/** Resolves when both serve. Rejects with `stack.unavailable` where this machine cannot run them. */
export async function startSecuredStack(options: SecuredStackOptions): Promise<SecuredStack> {
  const installation = await findJvmInstallation(options.env);
  if (installation.kind === 'unusable') throw clusterUnavailable(installation.reason);
  const programs = await provideJvmPrograms(installation, options.env, () => undefined);
  const workDirectory = await mkdtemp(join(tmpdir(), 'astrolabe-secured-'));
  const forget = await (await guardian()).watch({ paths: [workDirectory] });
  const closings: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(closings.map((close) => close()));
    await rm(workDirectory, { recursive: true, force: true, maxRetries: 5 });
    await forget();
  };
  try {
    const { env } = options;
    const registryDirectory = join(workDirectory, 'registry');
    await mkdir(registryDirectory);
    const starting = retryOnTakenPort(() => startBroker(programs, workDirectory, options));
    const startingRegistry = startJvmRegistry({
      programs,
      env,
      workDirectory: registryDirectory,
      dataDirectory: undefined,
    });
    // What is still starting could not be closed.
    await Promise.allSettled([starting, startingRegistry]);
    const registry = await startingRegistry;
    closings.push(() => registry.close());
    const { broker, ports } = await starting;
    closings.push(() => broker.close());
    const addressOf = (listener: string): string => {
      const port = ports.get(listener);
      if (port === undefined) throw new Error(`the stack was started with no listener "${listener}"`);
      return `${HOST}:${port}`;
    };
    return { kafkaBrokers: broker.address, schemaRegistryUrl: registry.url, kafka: broker, addressOf, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

async function startBroker(programs: JvmPrograms, parent: string, options: SecuredStackOptions) {
  const { env, listeners } = options;
  const workDirectory = await mkdtemp(join(parent, 'broker-'));
  const [plain = 0, controller = 0, ...others] = await findFreePorts(2 + listeners.length);
  const ports = new Map(listeners.map(({ name }, index) => [name, others[index] ?? 0]));
  const layout: BrokerLayout = {
    nodeId: 1,
    listeners: [
      { name: 'CLIENT', host: HOST, port: plain },
      ...listeners.map(({ name }) => ({ name, host: HOST, port: ports.get(name) ?? 0 })),
    ],
    interBrokerListener: 'CLIENT',
    controllerListener: { name: 'CONTROLLER', host: HOST, port: controller },
    voters: [{ nodeId: 1, host: HOST, port: controller }],
    logDirectory: join(workDirectory, 'data'),
  };
  const home = { programs, env, workDirectory, logDirectory: layout.logDirectory, keepsData: false };
  await formatIfNew(home, layout, newClusterId());
  const broker = await runJvmBroker(home, {
    properties: { ...brokerProperties(layout), ...securityProperties(options) },
    heapMegabytes: HEAP_MEGABYTES,
    isShortLived: true,
    address: `${HOST}:${plain}`,
    waitUntilReady: waitForBroker,
  });
  return { broker, ports };
}

const MECHANISMS = ['SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'];
const LOGIN_MODULES = 'org.apache.kafka.common.security';

function securityProperties({ listeners, clientAuthority, sessionMs }: SecuredStackOptions) {
  const protocols = [
    'CLIENT:PLAINTEXT',
    'CONTROLLER:PLAINTEXT',
    ...listeners.map(({ name, clients }) => `${name}:${clients === 'login' ? 'SASL_SSL' : 'SSL'}`),
  ];
  return {
    'listener.security.protocol.map': protocols.join(','),
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    'sasl.enabled.mechanisms': MECHANISMS.join(','),
    ...Object.assign({}, ...listeners.map((listener) => propertiesOf(listener, clientAuthority, sessionMs))),
  } as Readonly<Record<string, string>>;
}

function propertiesOf(
  { name, clients, certificate }: SecuredListener,
  clientAuthority: string,
  sessionMs: number | undefined,
): Readonly<Record<string, string>> {
  const own = {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.certificate.chain': onOneLine(certificate.cert),
    'ssl.keystore.key': onOneLine(certificate.key),
    ...(clients === 'login'
      ? {
          'scram-sha-256.sasl.jaas.config': `${LOGIN_MODULES}.scram.ScramLoginModule required;`,
          'scram-sha-512.sasl.jaas.config': `${LOGIN_MODULES}.scram.ScramLoginModule required;`,
          'oauthbearer.sasl.jaas.config': `${LOGIN_MODULES}.oauthbearer.OAuthBearerLoginModule required;`,
          ...(sessionMs !== undefined && { 'scram-sha-512.connections.max.reauth.ms': String(sessionMs) }),
        }
      : {
          'ssl.client.auth': 'required',
          'ssl.truststore.type': 'PEM',
          'ssl.truststore.certificates': onOneLine(clientAuthority),
        }),
  };
  return Object.fromEntries(
    Object.entries(own).map(([key, value]) => [`listener.name.${name.toLowerCase()}.${key}`, value]),
  );
}

/** Kafka takes any white space within PEM, and a properties file has one line for each value. */
function onOneLine(pem: string): string {
  return pem.trim().replaceAll(/\s*\n\s*/g, ' ');
}
