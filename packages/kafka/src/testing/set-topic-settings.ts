import type { KafkaAdmin } from '../admin/admin.ts';

/**
 * Sets them as an operator may at any time. Resolves once every broker shows them; a broker acts by them a moment
 * later.
 */
export function setTopicSettings(
  admin: Pick<KafkaAdmin, 'applyTopics'>,
  topics: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const changes = Object.entries(settings).map(([setting, to]) => ({ setting, from: undefined, to }));
  const configure = topics.map((name) => ({ name, changes }));
  return admin.applyTopics({ create: [], addPartitions: [], refused: [], configure, unchanged: [] });
}
