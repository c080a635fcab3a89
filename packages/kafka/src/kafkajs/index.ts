/** The only import of kafkajs in this package: the mends must be in place before its modules load. */
import './mends.ts';
import './mend-dead-sockets.ts';
import './mend-fetch-decoding.ts';
import './mend-sasl-refusal.ts';
import './coordinator-refusals.ts';
import './transaction-refusals.ts';
import './unanswered-connections.ts';
import './speed-mends.ts';
import kafkajs from 'kafkajs';
import { registerCodecs } from './codecs.ts';

registerCodecs();

export const { Kafka, Partitioners, logLevel, CompressionTypes, CompressionCodecs, AssignerProtocol } = kafkajs;
export type {
  Admin,
  Batch,
  Consumer,
  Kafka as KafkaClient,
  KafkaConfig,
  LogEntry,
  Message,
  PartitionerArgs,
  Producer,
  RetryOptions,
  SASLOptions,
} from 'kafkajs';
