import type { Logger } from '@astrolabe/service-kit';
import type { TlsMaterial } from '@astrolabe/service-kit/tls';
import {
  Kafka,
  logLevel,
  type KafkaClient,
  type KafkaConfig,
  type LogEntry,
  type RetryOptions as KafkaJsRetryOptions,
} from './kafkajs/index.ts';
import { assertPatchesInEffect } from './kafkajs/patches/patches.ts';
import { kafkaTlsOf, loginOf, type KafkaSecuritySection } from './security/connection-security.ts';
import { createLogin, type LoginOptions } from './security/login.ts';
import { principalOfCertificate } from './security/principal.ts';
import { createSocketFactory } from './security/socket-factory.ts';

/** How to reach the cluster. `brokers` are `host:port`, an IPv6 address in brackets. */
export interface KafkaConnectionOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Without it, connections are in plain text. */
  readonly tls?: TlsMaterial | undefined;
  /** Without it, nobody logs in. */
  readonly login?: LoginOptions | undefined;
  readonly logger: Logger;
  /** Default 5,000. */
  readonly connectionTimeoutMs?: number;
  /** Default 30,000; the broker's own time for a produce request is shorter. */
  readonly requestTimeoutMs?: number;
}

const createClient: unique symbol = Symbol('create client');

/** Opaque to all but this package: kafkajs stays behind it. */
export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  /**
   * As the brokers' access control lists name this client, as far as it can be told from here: `User:` and the SASL
   * user name, the subject of its token or of its certificate.
   */
  readonly principal: string;
  readonly [createClient]: (retry: RetryOptions) => KafkaClient;
}

/**
 * Does not connect yet: the first use does. Throws `kafka.patch-missing` where kafkajs does not run as this package
 * needs it.
 */
export function createKafkaConnection(options: KafkaConnectionOptions): KafkaConnection {
  assertPatchesInEffect();
  const { brokers, clientId, tls, logger } = options;
  const login = options.login === undefined ? undefined : createLogin(options.login, logger);
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    ssl: tls !== undefined,
    socketFactory: createSocketFactory(tls),
    ...(login === undefined ? {} : { sasl: login.sasl }),
    connectionTimeout: options.connectionTimeoutMs ?? 5_000,
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => logEntry(logger, entry),
  };
  return {
    brokers,
    clientId,
    get principal() {
      return login?.principal() ?? principalWithoutLogin(tls);
    },
    [createClient]: (retry) => new Kafka({ ...config, retry }),
  };
}

function principalWithoutLogin(tls: TlsMaterial | undefined): string {
  if (tls?.cert === undefined) return 'User:ANONYMOUS';
  try {
    return principalOfCertificate(tls.cert.read());
  } catch {
    // A file that is being replaced; the name is for messages.
    return "the client certificate's principal";
  }
}

/** The Kafka section of a process's configuration (`configSections.kafka`). */
export interface KafkaSection extends KafkaSecuritySection {
  readonly kafkaBrokers: readonly string[];
  readonly kafkaClientId: string;
}

/** `clientId` names the process in the brokers' logs: `<KAFKA_CLIENT_ID>.<service>`. */
export function connectionFromConfig(config: KafkaSection, service: string, logger: Logger): KafkaConnection {
  return createKafkaConnection({
    brokers: config.kafkaBrokers,
    clientId: `${config.kafkaClientId}.${service}`,
    tls: kafkaTlsOf(config),
    login: loginOf(config),
    logger,
  });
}

/**
 * How long kafkajs looks for a broker before it gives up: the pauses between attempts double up to `maxRetryTime`
 * milliseconds.
 */
export type RetryOptions = Required<Pick<KafkaJsRetryOptions, 'initialRetryTime' | 'maxRetryTime' | 'retries'>>;

/** A second or two. Who asks a question can ask it again. */
const DEFAULT_RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 500, retries: 3 };

/**
 * For this package only. A client of its own for each use: kafkajs gives each its own retries, and lets the consumers
 * of one client share what they know of a group's offsets.
 */
export function clientOf(connection: KafkaConnection, retry: RetryOptions = DEFAULT_RETRY): KafkaClient {
  return connection[createClient](retry);
}

/** Given at the start of each producer; `batching-producer.ts` does what it takes. */
const ANSWERED_ADVICE = 'Limiting retries for the idempotent producer may invalidate EoS guarantees';

/** A transaction waits for the markers of the one before, many times a second; `transaction-session.ts` asks again. */
const ANSWERED_ERROR =
  'The producer attempted to update a transaction while another concurrent operation on the same transaction was ongoing';

/** Said at every attempt. What follows from it is logged once, with the right that is missing or the login to check. */
const REFUSED = /[Aa]uthorization failed|Not authorized|[Aa]uthentication failed|refuse the login|certificate/;

/**
 * One level lower than kafkajs says: it logs an error for each attempt that it then repeats, and a line for every
 * pause. Errors that matter reach us as rejections and CRASH events.
 */
function logEntry(logger: Logger, { level, namespace, log }: LogEntry): void {
  const { message, timestamp: _timestamp, logger: _name, ...fields } = log;
  if (message === ANSWERED_ADVICE) return;
  const line = `kafkajs ${namespace}: ${message}`;
  if (fields['error'] === ANSWERED_ERROR || REFUSED.test(`${message} ${String(fields['error'])}`))
    logger.debug(fields, line);
  else if (level === logLevel.ERROR) logger.warn(fields, line);
  else if (level === logLevel.WARN) logger.info(fields, line);
  else logger.debug(fields, line);
}
