/** Topics and schemas, as `astrolabe topics apply` and `astrolabe schemas apply` bring them about. */
import { createKafkaAdmin, type KafkaConnection } from '@astrolabe/kafka';
import type { Topics } from '@astrolabe/records';
import type { CommandSchemaRegistry } from '@astrolabe/records/serde';

export interface Contracts {
  readonly kafka: KafkaConnection;
  readonly schemaRegistry: Pick<CommandSchemaRegistry, 'apply'>;
  readonly topics: Topics;
  readonly replicationFactor: number;
}

/** Rejects where a topic is there already with fewer or more partitions than can be given to it. */
export async function applyContracts({ kafka, schemaRegistry, topics, replicationFactor }: Contracts): Promise<void> {
  await Promise.all([
    applyTopics(kafka, Object.values(topics), replicationFactor),
    schemaRegistry.apply(topics.commands.name),
  ]);
}

async function applyTopics(
  kafka: KafkaConnection,
  declared: readonly Topics[keyof Topics][],
  replicationFactor: number,
): Promise<void> {
  const admin = await createKafkaAdmin(kafka);
  try {
    const plan = await admin.planTopics(declared, replicationFactor);
    const refused = plan.refused.map(({ name, from, to }) => `${name} has ${from} partitions, ${to} are declared`);
    if (refused.length > 0) throw new Error(`topics differ from what is declared: ${refused.join('; ')}`);
    await admin.applyTopics(plan);
  } finally {
    await admin.close();
  }
}
