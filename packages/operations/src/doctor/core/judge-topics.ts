/**
 * The topics of a cluster against what this build declares: the one judgement for `doctor` and `topics check`. Pure.
 */
import type { ClusterDescription } from '@astrolabe/kafka';
import type { TopicPlan, Topics } from '@astrolabe/records';
import { problem, type Finding } from './finding.ts';
import { judgeLedgerWindow } from './judge-ledger.ts';
import { judgeCompanions, judgeTopic } from './judge-topic.ts';

export interface TopicsSeen {
  readonly declared: Topics;
  readonly cluster: ClusterDescription;
  /** What "topics apply" would change. */
  readonly plan: TopicPlan;
  readonly ledgerWindowMs: number;
}

export function judgeTopics({ declared, cluster, plan, ledgerWindowMs }: TopicsSeen): Finding[] {
  const find = (wanted: string) => cluster.topics.find(({ name }) => name === wanted);
  const ofTopics = Object.values(declared).flatMap((topic) => {
    const findings = judgeTopic(topic, find(topic.name), cluster.brokers.length);
    if (findings.some(({ level }) => level === 'problem')) return findings;
    const differing = judgeDifference(topic.name, plan);
    return differing === undefined ? findings : [...findings.filter(({ level }) => level !== 'ok'), differing];
  });
  const companions = judgeCompanions({
    segmentEvents: find(declared.segmentEvents.name),
    segmentEventsDeadLetters: find(declared.segmentEventsDeadLetters.name),
    mapperState: find(declared.mapperState.name),
    commands: find(declared.commands.name),
    commandsDeadLetters: find(declared.commandsDeadLetters.name),
    replayedCommands: find(declared.replayedCommands.name),
    deliveries: find(declared.deliveries.name),
  });
  const window = judgeLedgerWindow(ledgerWindowMs, find(declared.deliveries.name), find(declared.commands.name));
  return [...ofTopics, ...companions, ...window];
}

/** What "topics apply" would change of a topic, or refuses to. */
function judgeDifference(name: string, { addPartitions, refused, configure }: TopicPlan): Finding | undefined {
  const about = `topic ${name}`;
  const kept = refused.find((each) => each.name === name);
  if (kept !== undefined) {
    return problem(
      about,
      `has ${kept.from} partitions, should have ${kept.to}`,
      'none can be added: the topic holds records, and their keys would move',
      `set KAFKA_PARTITIONS=${kept.from}, or see "More partitions" in docs/operating.md`,
    );
  }
  const added = addPartitions.find((each) => each.name === name);
  const changes = configure.find((each) => each.name === name)?.changes ?? [];
  const differences = [
    ...(added === undefined ? [] : [`partitions ${added.from} -> ${added.to}`]),
    ...changes.map(({ setting, from, to }) => `${setting} ${from ?? '(unset)'} -> ${to}`),
  ];
  if (differences.length === 0) return undefined;
  return problem(
    about,
    `differs: ${differences.join(', ')}`,
    'it is not as this build declares it (with KAFKA_PARTITIONS and KAFKA_REPLICATION_FACTOR as set here)',
    'astrolabe topics apply --execute',
  );
}
