/** Topics that no other run has seen, so that what is on them tells exactly what became of this one's records. */
import { createKafkaAdmin, createRecordProducer, createSchemaRegistry, type KafkaAdmin } from '@astrolabe/kafka';
import {
  DEFAULT_PARTITIONS,
  topicsFor,
  type RecordProducer,
  type TopicDefinition,
  type Topics,
} from '@astrolabe/records';
import type { CommandKind } from '@astrolabe/schemas';
import { uniqueName } from '@astrolabe/testkit';
import { commandSchemasIn } from '@astrolabe/records/serde';
import type { BenchLab } from './bench-lab.ts';

export interface RunTopics extends AsyncDisposable {
  readonly admin: KafkaAdmin;
  readonly producer: RecordProducer;
  readonly prefix: string;
  readonly topics: Topics;
  /** By kind of command. */
  readonly schemaIds: ReadonlyMap<CommandKind, number>;
}

/** The broker of a busy machine may take its time over what is put on the source topic. */
const DELIVERY_TIMEOUT_MS = 60_000;

export type ChooseTopics = (topics: Topics) => readonly TopicDefinition[];

/**
 * `groupIds` are without the prefix. Disposed of, topics and groups are gone: a broker that is somebody else's must not
 * be left with them.
 */
export async function createRunTopics(
  { connection, logger, schemaRegistryUrl }: BenchLab,
  groupIds: readonly string[],
  choose: ChooseTopics = Object.values<TopicDefinition>,
  partitions?: number,
): Promise<RunTopics> {
  await using cleanup = new AsyncDisposableStack();
  // Clients of its own: kafkajs keeps asking for every topic that a client has ever used, and fails once one of them is
  // deleted.
  const admin = await createKafkaAdmin(connection);
  cleanup.defer(() => admin.close());
  const producer = await createRecordProducer({ connection, logger, deliveryTimeoutMs: DELIVERY_TIMEOUT_MS });
  cleanup.defer(() => producer.close());
  const prefix = `${uniqueName('bench')}.`;
  const topics = topicsFor(prefix, partitions ?? Number(process.env['KAFKA_PARTITIONS'] ?? DEFAULT_PARTITIONS));
  // Mapper and dispatcher wait for these at start, whatever is measured.
  const chosen = [...new Set([...choose(topics), topics.replayedCommands, topics.replays])];
  await admin.applyTopics(await admin.planTopics(chosen, 1));
  cleanup.defer(() => admin.deleteTopics(chosen.map(({ name }) => name)));
  const applied = await commandSchemasIn(createSchemaRegistry({ url: schemaRegistryUrl })).apply(topics.commands.name);
  const schemaIds = new Map(applied.map(({ kind, schemaId }) => [kind, schemaId]));
  // One that is not empty yet ends by itself once its topics are gone.
  const groups = groupIds.map((groupId) => prefix + groupId);
  cleanup.defer(() => admin.deleteGroups(groups).catch(() => undefined));
  const owned = cleanup.move();
  return { admin, producer, prefix, topics, schemaIds, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
