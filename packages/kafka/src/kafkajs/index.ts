/** The only import of kafkajs in this package: the patches must be in place before its modules load. */
import './patches/patches.ts';
import kafkajs from 'kafkajs';
import { registerCodecs } from './protocol/compression/codecs.ts';

registerCodecs(kafkajs.CompressionCodecs);

export const {
  Kafka,
  Partitioners,
  PartitionAssigners,
  logLevel,
  CompressionTypes,
  CompressionCodecs,
  AssignerProtocol,
  ConfigResourceTypes,
} = kafkajs;
export type {
  Admin,
  Batch,
  Consumer,
  Kafka as KafkaClient,
  KafkaConfig,
  LogEntry,
  Message,
  PartitionAssigner,
  PartitionerArgs,
  Producer,
  RetryOptions,
  SASLOptions,
} from 'kafkajs';
