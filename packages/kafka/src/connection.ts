import type { Logger } from '@astrolabe/service-kit';
import { Kafka, logLevel, type KafkaClient, type LogEntry, type SASLOptions } from './kafkajs/index.ts';

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

const client: unique symbol = Symbol('client');

/** Opaque to all but this package: kafkajs stays behind it. */
export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly [client]: KafkaClient;
}

/** Does not connect yet: the first use does. */
export function createKafkaConnection(options: KafkaConnectionOptions): KafkaConnection {
  const { brokers, clientId, ssl, sasl, logger } = options;
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId,
    ...(ssl === true ? { ssl: true } : {}),
    ...(sasl === undefined ? {} : { sasl: sasl as SASLOptions }),
    connectionTimeout: options.connectionTimeoutMs ?? 5_000,
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => logEntry(logger, entry),
  });
  return { brokers, clientId, [client]: kafka };
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

/** For this package only. */
export function clientOf(connection: KafkaConnection): KafkaClient {
  return connection[client];
}

/**
 * One level lower than kafkajs says: it logs an error for each attempt that it then repeats, and a line for every pause. Errors that matter
 * reach us as rejections and CRASH events.
 */
function logEntry(logger: Logger, { level, namespace, log }: LogEntry): void {
  const { message, timestamp: _timestamp, logger: _name, ...fields } = log;
  const line = `kafkajs ${namespace}: ${message}`;
  if (level === logLevel.ERROR) logger.warn(fields, line);
  else if (level === logLevel.WARN) logger.info(fields, line);
  else logger.debug(fields, line);
}
