/** The brokers, and what they say about topics → findings. Pure. */
import type { ClusterDescription } from '@astrolabe/kafka';
import { ok, problem, warning, type Finding } from './finding.ts';

export function judgeBrokers({ brokers, controllerId }: ClusterDescription): Finding[] {
  const names = brokers.map(({ host, port }) => `${host}:${port}`).join(', ');
  if (controllerId === undefined) {
    return [
      problem(
        'brokers',
        `${names}; no controller`,
        'no topics can be created and no leaders elected',
        "check the controllers' logs",
      ),
    ];
  }
  if (brokers.length < 3) {
    return [
      warning(
        'brokers',
        `${brokers.length} (${names})`,
        'losing one loses its records or stops writes; production needs three',
        'add brokers, then run "astrolabe topics apply" with KAFKA_REPLICATION_FACTOR=3',
      ),
    ];
  }
  return [ok('brokers', `${brokers.length} (${names})`)];
}

/** Of the topics that the services read; undefined where the brokers give none. */
export function judgeTopicIds(topicIds: readonly (string | undefined)[]): Finding[] {
  if (topicIds.every((topicId) => topicId !== undefined)) return [];
  return [
    warning(
      'topic ids',
      'the brokers do not support them',
      'a topic that is deleted and created again looks like the old one: records may be skipped',
      'run Kafka 2.8 or newer; until then, reset the offsets of both groups when you recreate a topic',
    ),
  ];
}
