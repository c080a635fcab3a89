/** What the first partitions of a process would wait for, done before it joins its group. */
import { readLastRecords } from '@astrolabe/kafka';
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { ServiceStack } from '@astrolabe/service-kit';
import type { DispatcherConfig } from '../config.ts';
import type { KafkaClients } from './kafka-clients.ts';

/**
 * Reads the ends of the ledger's topic and of the commands, and so loads the schemas that the commands were written
 * with. A command that cannot be decoded is reported when it is handled.
 */
export async function prepareAssignments(
  { reader, topics, commandPartitions }: KafkaClients,
  decoder: CommandDecoder,
  { kafkaBrokers, schemaRegistryUrl }: DispatcherConfig,
  stack: ServiceStack,
): Promise<void> {
  const { commands, deliveries } = topics;
  const partitions = commandPartitions();
  await stack.waitFor(`Kafka at ${kafkaBrokers.join(',')}`, (signal) =>
    readLastRecords(reader, { topic: deliveries.name, partitions, signal }),
  );
  await stack.waitFor(`the schema registry at ${schemaRegistryUrl}`, (signal) =>
    readLastRecords(reader, {
      topic: commands.name,
      partitions,
      signal,
      onRecords: async (records) => {
        for (const { value } of records) if (value !== null) await decoder.decode(value);
      },
    }),
  );
}
