import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopicDescription } from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import type { Finding } from './finding.ts';
import { judgeBrokers } from './judge-brokers.ts';
import { judgeClock, judgeDisk } from './judge-machine.ts';
import { judgeCompanions, judgeTopic } from './judge-topic.ts';

const { segmentEvents } = topicsFor();
const healthy: TopicDescription = {
  name: segmentEvents.name,
  partitions: Array.from({ length: 6 }, (_, partition) => ({ partition, leader: 1, replicas: 3, inSyncReplicas: 3 })),
  config: { 'cleanup.policy': 'delete', 'min.insync.replicas': '2', 'retention.ms': '604800000' },
};
const facts = (findings: readonly Finding[]) => findings.map(({ level, fact }) => `${level}: ${fact}`);
const judged = (over: Partial<TopicDescription>, brokers = 3) =>
  facts(judgeTopic(segmentEvents, { ...healthy, ...over }, brokers));

test('a topic that is as declared is ok', () => {
  assert.deepEqual(judged({}), ['ok: 6 partitions, 3 replicas, retention 7 d']);
});

test('everything that can lose or stop records is a problem with a remedy', () => {
  assert.deepEqual(facts(judgeTopic(segmentEvents, undefined, 3)), ['problem: is missing']);
  const [first, ...rest] = healthy.partitions;
  assert.ok(first);
  assert.deepEqual(judged({ partitions: [{ ...first, leader: undefined }, ...rest] }), [
    'problem: partitions 0 have no leader',
  ]);
  assert.deepEqual(judged({ partitions: [{ ...first, inSyncReplicas: 2 }, ...rest] }), [
    'warning: 1 of 6 partitions have replicas that are out of sync',
  ]);
  assert.deepEqual(judged({ config: { ...healthy.config, 'min.insync.replicas': '1' } }), [
    'problem: min.insync.replicas is 1 with 3 replicas',
  ]);
  assert.deepEqual(judged({ config: { ...healthy.config, 'retention.ms': '3600000' } }), [
    'problem: retention is 1 h, should be 7 d',
  ]);
  assert.deepEqual(judged({ config: { ...healthy.config, 'cleanup.policy': 'compact' } }), [
    'problem: cleanup.policy is compact, should be delete',
  ]);
  assert.ok(
    judgeTopic(segmentEvents, undefined, 3).every(
      ({ meaning, remedy }) => meaning !== undefined && remedy !== undefined,
    ),
  );
});

test('a topic with fewer partitions than the one that it accompanies is a problem, and any number of both is not', () => {
  const sized = (name: string, partitions: number): TopicDescription => ({
    ...healthy,
    name,
    partitions: Array.from({ length: partitions }, (_, partition) => ({
      partition,
      leader: 1,
      replicas: 3,
      inSyncReplicas: 3,
    })),
  });
  const topics = {
    segmentEvents: sized('e', 24),
    segmentEventsDeadLetters: sized('ed', 24),
    mapperState: sized('s', 24),
    commands: sized('c', 3),
    commandsDeadLetters: sized('cd', 4),
    replayedCommands: sized('rc', 3),
    deliveries: sized('d', 3),
  };
  assert.deepEqual(judgeCompanions(topics), []);
  const grown = judgeCompanions({ ...topics, segmentEvents: sized('e', 30), commands: sized('c', 4) });
  assert.deepEqual(facts(grown), [
    'problem: has 24 partitions, but e has 30',
    'problem: has 24 partitions, but e has 30',
    'problem: has 3 partitions, but c has 4',
    'problem: has 3 partitions, but c has 4',
  ]);
  assert.equal(grown.at(-1)?.remedy, 'kafka-topics.sh --bootstrap-server BROKER --alter --topic d --partitions 4');
  assert.deepEqual(judgeCompanions({ ...topics, mapperState: undefined }), [], 'a missing topic is another finding');
});

test('too few brokers, a wrong clock and a full disk are reported', () => {
  const brokers = [1, 2, 3].map((id) => ({ id, host: `b${id}`, port: 9092 }));
  const cluster = { clusterId: 'c', controllerId: 1, brokers, topics: [] };
  assert.equal(judgeBrokers(cluster)[0]?.level, 'ok');
  assert.equal(judgeBrokers({ ...cluster, brokers: brokers.slice(1) })[0]?.level, 'warning');
  assert.equal(judgeBrokers({ ...cluster, controllerId: undefined })[0]?.level, 'problem');
  assert.deepEqual(facts(judgeClock(-90_000, 'the registry')), ['problem: is 1 min 30 s behind the registry']);
  assert.equal(judgeClock(900, 'the registry')[0]?.level, 'ok');
  assert.deepEqual(facts(judgeDisk('/data', 5, 100)), ['warning: 5 % free at /data']);
});
