import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEmptyPlan, planTopics, type ExistingTopic } from './topic-plan.ts';
import { topicsFor, type TopicDefinition } from './topics.ts';

const declared: TopicDefinition = {
  name: 'events',
  partitions: 6,
  cleanupPolicy: 'delete',
  retentionMs: 1_000,
  maxMessageBytes: undefined,
  key: '',
  value: '',
};

const asDeclared: ExistingTopic = {
  name: 'events',
  partitions: 6,
  hasHeldRecords: true,
  config: {
    'cleanup.policy': 'delete',
    'min.insync.replicas': '1',
    'retention.ms': '1000',
    'segment.bytes': '1048576',
  },
};

test('a topic that is not there is created with all of its settings', () => {
  const plan = planTopics([{ ...declared, maxMessageBytes: 2_000 }], [], 3);
  assert.deepEqual(plan, {
    create: [
      {
        name: 'events',
        partitions: 6,
        replicationFactor: 3,
        config: {
          'cleanup.policy': 'delete',
          'min.insync.replicas': '2',
          'retention.ms': '1000',
          'max.message.bytes': '2000',
        },
      },
    ],
    addPartitions: [],
    refused: [],
    configure: [],
    unchanged: [],
  });
});

test('a topic that is as declared is left alone, and the plan is empty', () => {
  const plan = planTopics([declared], [asDeclared], 1);
  assert.deepEqual(plan.unchanged, ['events']);
  assert.ok(isEmptyPlan(plan));
});

test('an acknowledged record survives the loss of one broker where there are three', () => {
  for (const [replicationFactor, minInSync] of [
    [1, '1'],
    [2, '1'],
    [3, '2'],
    [5, '2'],
  ] as const) {
    const [created] = planTopics([declared], [], replicationFactor).create;
    assert.equal(created?.config['min.insync.replicas'], minInSync);
  }
});

test('partitions are added and never taken away', () => {
  const partitionsOf = (partitions: number) => planTopics([declared], [{ ...asDeclared, partitions }], 1);
  assert.deepEqual(partitionsOf(4).addPartitions, [{ name: 'events', from: 4, to: 6 }]);
  assert.ok(isEmptyPlan(partitionsOf(12)));
});

test('a topic whose keys would move gets more partitions only while it has never held a record', () => {
  const planOf = (hasHeldRecords: boolean) =>
    planTopics([{ ...declared, bindsKeys: true }], [{ ...asDeclared, partitions: 4, hasHeldRecords }], 1);
  const change = { name: 'events', from: 4, to: 6 };
  assert.deepEqual([planOf(false).addPartitions, planOf(false).refused], [[change], []]);
  assert.deepEqual([planOf(true).addPartitions, planOf(true).refused], [[], [change]]);
  assert.ok(isEmptyPlan(planOf(true)));
});

test('events and commands, replayed ones too, bind their keys to partitions, and all that is kept by partition has as many', () => {
  const topics = topicsFor('', 24);
  const binding = Object.values(topics).filter(({ bindsKeys }) => bindsKeys);
  assert.deepEqual(binding, [topics.segmentEvents, topics.commands, topics.replayedCommands]);
  const single = new Set([topics.redrives, topics.replays, topics.audit]);
  for (const topic of Object.values(topics)) assert.equal(topic.partitions, single.has(topic) ? 1 : 24);
});

test('a compacted topic has small files, since the newest is not compacted, and everybody who starts reads it whole', () => {
  for (const { name, cleanupPolicy, segmentBytes } of Object.values(topicsFor('', 6))) {
    assert.equal(segmentBytes !== undefined, cleanupPolicy === 'compact', name);
  }
  const [created] = planTopics([{ ...declared, segmentBytes: 4_096 }], [], 1).create;
  assert.equal(created?.config['segment.bytes'], '4096');
});

test('what is kept for longer than declared, or may be larger, stays so', () => {
  const kept = (setting: string, value: string): ExistingTopic => ({
    ...asDeclared,
    config: { ...asDeclared.config, 'max.message.bytes': '500', [setting]: value },
  });
  const wanted = { ...declared, maxMessageBytes: 500 };
  for (const [setting, value] of [
    ['retention.ms', '1001'],
    ['retention.ms', '-1'],
    ['max.message.bytes', '501'],
    ['min.insync.replicas', '2'],
  ] as const) {
    assert.ok(isEmptyPlan(planTopics([wanted], [kept(setting, value)], 1)), `${setting} ${value}`);
    const [change] = planTopics([{ ...wanted, segmentMs: 7 }], [kept(setting, value)], 1).configure;
    assert.deepEqual(change?.changes, [{ setting: 'segment.ms', from: undefined, to: '7' }], `${setting} ${value}`);
  }
});

test('of a topic that differs only the settings that differ are set', () => {
  const existing = {
    ...asDeclared,
    config: { ...asDeclared.config, 'retention.ms': '5', 'compression.type': 'zstd' },
  };
  const plan = planTopics([declared], [existing], 1);
  assert.deepEqual(plan.configure, [{ name: 'events', changes: [{ setting: 'retention.ms', from: '5', to: '1000' }] }]);
  assert.deepEqual(plan.unchanged, []);
});

test('the broker begins new files as often as a topic says', () => {
  const declared = { ...topicsFor().deliveries, segmentMs: 5_000 };
  assert.equal(planTopics([declared], [], 1).create[0]?.config['segment.ms'], '5000');
  assert.equal('segment.ms' in (planTopics([topicsFor().commands], [], 1).create[0]?.config ?? {}), false);
});

test('the topic of deliveries has the partitions of the commands: a delivery has the number of its command', () => {
  assert.equal(topicsFor().deliveries.partitions, topicsFor().commands.partitions);
});

test('source and dead-letter topics have the same number of partitions, so that a dead letter keeps its partition', () => {
  const topics = topicsFor();
  assert.equal(topics.segmentEvents.partitions, topics.segmentEventsDeadLetters.partitions);
  assert.equal(topics.commands.partitions, topics.commandsDeadLetters.partitions);
});

test('a prefix goes before the name of every topic and changes nothing else', () => {
  const plain = Object.values(topicsFor());
  const prefixed = Object.values(topicsFor('p.'));
  assert.deepEqual(
    prefixed.map((topic) => ({ ...topic, name: topic.name.replace(/^p\./, '') })),
    plain,
  );
});
