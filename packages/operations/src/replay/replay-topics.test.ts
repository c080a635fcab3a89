import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noCounts, type ReplayState } from './core/replay-state.ts';
import { inTheseTopics } from './replay-topics.ts';

const state: ReplayState = {
  id: 'r1',
  request: { source: 'commands', toEarliest: true },
  startedAt: '2026-03-01T10:00:00.000Z',
  spans: [],
  watchFrom: {},
  topicIds: { topic: 'QUFBQUFBQUFBQUFBQUFBQQ' },
  counts: noCounts(),
};

test('a state without topic ids gets those of the topics as they are', () => {
  assert.deepEqual(inTheseTopics({ ...state, topicIds: {} }, { topic: 'current' }).topicIds, { topic: 'current' });
});

test('a replay stops where one of its topics was created again', () => {
  assert.throws(() => inTheseTopics(state, { topic: 'another' }), {
    code: 'kafka.topic-recreated',
    message: /^topic was deleted and created again: replay r1 is of .* Start another replay, with a new --id\.$/,
  });
  assert.deepEqual(inTheseTopics(state, {}), state, 'brokers that give no ids say nothing');
  assert.deepEqual(inTheseTopics(state, { ...state.topicIds, added: 'id' }).topicIds, {
    ...state.topicIds,
    added: 'id',
  });
});
