import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planTopics, topicsFor } from '@astrolabe/records';
import { describePlan } from './topics-command.ts';

const { segmentEvents } = topicsFor();

test('a plan lists what it creates and says how to apply it', () => {
  assert.deepEqual(describePlan(planTopics([segmentEvents], [], 3), false), [
    '+ segment.events.v1: 6 partitions, replication 3',
    'Nothing was changed. Run "astrolabe topics apply --execute" to apply.',
  ]);
});

test('a plan lists each setting with what it is and what it becomes', () => {
  const existing = {
    name: segmentEvents.name,
    partitions: 3,
    hasHeldRecords: false,
    config: { 'cleanup.policy': 'delete', 'min.insync.replicas': '1', 'retention.ms': '1000' },
  };
  assert.deepEqual(describePlan(planTopics([segmentEvents], [existing], 3), true), [
    '~ segment.events.v1: partitions 3 -> 6',
    '~ segment.events.v1: min.insync.replicas 1 -> 2',
    '~ segment.events.v1: retention.ms 1000 -> 604800000',
    'Applied.',
  ]);
});

test('a plan never shrinks a topic that has more partitions', () => {
  const existing = {
    name: segmentEvents.name,
    partitions: 12,
    hasHeldRecords: false,
    config: { 'cleanup.policy': 'delete', 'min.insync.replicas': '2', 'retention.ms': '604800000' },
  };
  assert.deepEqual(describePlan(planTopics([segmentEvents], [existing], 3), false), [
    '= segment.events.v1',
    'The topics are as declared; nothing to do.',
  ]);
});

test('where keys would move, the plan gives the reason and both ways out', () => {
  const existing = {
    name: segmentEvents.name,
    partitions: 3,
    hasHeldRecords: true,
    config: { 'cleanup.policy': 'delete', 'min.insync.replicas': '2', 'retention.ms': '604800000' },
  };
  const [line = '', last] = describePlan(planTopics([segmentEvents], [existing], 3), false);
  assert.match(
    line,
    /^! segment\.events\.v1: has 3 partitions, should have 6\. None are added, because the topic holds records:/,
  );
  assert.match(line, /Set KAFKA_PARTITIONS=3, or see "More partitions" in docs\/operating\.md\.$/);
  assert.equal(last, 'Nothing else differs.');
});
