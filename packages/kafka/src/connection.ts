import type { Logger } from '@astrolabe/service-kit';
import {
  Kafka,
  logLevel,
  type KafkaClient,
  type KafkaConfig,
  type LogEntry,
  type RetryOptions as KafkaJsRetryOptions,
  type SASLOptions,
} from './kafkajs/index.ts';
import { assertPatchesInEffect } from './kafkajs/patches/patches.ts';

/** How to reach the cluster. `brokers` are `host:port`. */
export interface KafkaConnectionOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: boolean;
  readonly sasl?: { readonly mechanism: string; readonly username: string; readonly password: string } | undefined;
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
   * user name.
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
  const { brokers, clientId, ssl, sasl, logger } = options;
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    ...(ssl === true ? { ssl: true } : {}),
    ...(sasl === undefined ? {} : { sasl: sasl as SASLOptions }),
    connectionTimeout: options.connectionTimeoutMs ?? 5_000,
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => logEntry(logger, entry),
  };
  return {
    brokers,
    clientId,
    principal: principalOf(options),
    [createClient]: (retry) => new Kafka({ ...config, retry }),
  };
}

function principalOf({ sasl, ssl }: KafkaConnectionOptions): string {
  if (sasl !== undefined) return `User:${sasl.username}`;
  return ssl === true ? "the client certificate's principal" : 'User:ANONYMOUS';
}

/** The Kafka section of a process's configuration (`configSections.kafka`). */
export interface KafkaSection {
  readonly kafkaBrokers: readonly string[];
  readonly kafkaClientId: string;
  readonly kafkaSsl: boolean;
  readonly kafkaSaslMechanism: string | undefined;
  readonly kafkaSaslUsername: string | undefined;
  readonly kafkaSaslPassword: string | undefined;
}

/** `clientId` names the process in the brokers' logs: `<KAFKA_CLIENT_ID>.<service>`. */
export function connectionFromConfig(config: KafkaSection, service: string, logger: Logger): KafkaConnection {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username, kafkaSaslPassword: password } = config;
  return createKafkaConnection({
    brokers: config.kafkaBrokers,
    clientId: `${config.kafkaClientId}.${service}`,
    ssl: config.kafkaSsl,
    sasl:
      mechanism === undefined || username === undefined || password === undefined
        ? undefined
        : { mechanism, username, password },
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

/** Said at every attempt. What follows from it is logged once, with the right that is missing. */
const AUTHORIZATION_FAILED = /[Aa]uthorization failed|Not authorized/;

/**
 * One level lower than kafkajs says: it logs an error for each attempt that it then repeats, and a line for every
 * pause. Errors that matter reach us as rejections and CRASH events.
 */
function logEntry(logger: Logger, { level, namespace, log }: LogEntry): void {
  const { message, timestamp: _timestamp, logger: _name, ...fields } = log;
  if (message === ANSWERED_ADVICE) return;
  const line = `kafkajs ${namespace}: ${message}`;
  if (fields['error'] === ANSWERED_ERROR || AUTHORIZATION_FAILED.test(`${message} ${String(fields['error'])}`))
    logger.debug(fields, line);
  else if (level === logLevel.ERROR) logger.warn(fields, line);
  else if (level === logLevel.WARN) logger.info(fields, line);
  else logger.debug(fields, line);
}
