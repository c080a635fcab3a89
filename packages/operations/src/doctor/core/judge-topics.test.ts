import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopicDescription } from '@astrolabe/kafka';
import { planTopics, topicsFor } from '@astrolabe/records';
import { judgeTopics } from './judge-topics.ts';

const declared = topicsFor();

function problemsOf(change: (topic: TopicDescription) => TopicDescription, hasHeldRecords = false): string[] {
  const topics = Object.values(declared).map((topic) =>
    change({
      name: topic.name,
      partitions: Array.from({ length: topic.partitions }, (_, partition) => ({
        partition,
        leader: 1,
        replicas: 1,
        inSyncReplicas: 1,
      })),
      config: planTopics([topic], [], 1).create[0]?.config ?? {},
    }),
  );
  const existing = topics.map(({ name, partitions, config }) => ({
    name,
    partitions: partitions.length,
    hasHeldRecords,
    config: config as Record<string, string>,
  }));
  const plan = planTopics(Object.values(declared), existing, 1);
  const cluster = { clusterId: 'c', controllerId: 1, brokers: [{ id: 1, host: 'b', port: 1 }], topics };
  return judgeTopics({ declared, cluster, plan, ledgerWindowMs: 48 * 3_600_000 })
    .filter(({ level }) => level === 'problem')
    .map(({ about, fact }) => `${about}: ${fact}`);
}

const events = declared.segmentEvents.name;
const resized = (topic: TopicDescription, count: number): TopicDescription => ({
  ...topic,
  partitions: Array.from({ length: count }, (_, partition) => ({
    partition,
    leader: 1,
    replicas: 1,
    inSyncReplicas: 1,
  })),
});

test('topics that are as declared are ok for check and doctor alike', () => {
  assert.deepEqual(
    problemsOf((topic) => topic),
    [],
  );
});

test('what the plan of topics apply does not show is a problem for check too', () => {
  const grown = problemsOf((topic) => (topic.name === events ? resized(topic, 12) : topic));
  assert.deepEqual(grown, [
    `topic ${declared.segmentEventsDeadLetters.name}: has 6 partitions, but ${events} has 12`,
    `topic ${declared.mapperState.name}: has 6 partitions, but ${events} has 12`,
  ]);
  const leaderless = problemsOf((topic) =>
    topic.name === events
      ? { ...topic, partitions: topic.partitions.map((each) => ({ ...each, leader: undefined })) }
      : topic,
  );
  assert.deepEqual(leaderless, [`topic ${events}: partitions 0, 1, 2, 3, 4, 5 have no leader`]);
});

test('what topics apply would change, or refuses to, is a problem for the doctor too', () => {
  const shrunk = (topic: TopicDescription) => (topic.name === events ? resized(topic, 3) : topic);
  assert.deepEqual(problemsOf(shrunk), [`topic ${events}: differs: partitions 3 -> 6`]);
  assert.deepEqual(problemsOf(shrunk, true), [`topic ${events}: has 3 partitions, should have 6`]);
  const unset = problemsOf((topic) =>
    topic.name === events ? { ...topic, config: { ...topic.config, 'min.insync.replicas': '0' } } : topic,
  );
  assert.deepEqual(unset, [`topic ${events}: differs: min.insync.replicas 0 -> 1`]);
});
