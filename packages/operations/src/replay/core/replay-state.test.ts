import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders } from '@astrolabe/records';
import {
  countSorted,
  countUnreadable,
  decodeState,
  differencesFrom,
  encodeState,
  noCounts,
  positionsOf,
  replayProgress,
  type ReplayState,
} from './replay-state.ts';
import { replayedRecord } from './replayed-record.ts';
import { record } from '../../testing/replayed-command.ts';

const state: ReplayState = {
  id: 'r1',
  request: { source: 'commands', toEarliest: true, connector: ['acme'] },
  startedAt: '2026-03-01T10:00:00.000Z',
  spans: [
    { partition: 0, fromOffset: 0n, endOffset: 5n, position: 5n },
    { partition: 0, fromOffset: 9n, endOffset: 12n, position: 9n },
    { partition: 1, fromOffset: 0n, endOffset: 9_007_199_254_740_993n, position: 9_007_199_254_740_993n },
  ],
  watchFrom: { topic: [0n, 9_007_199_254_740_993n] },
  topicIds: { topic: 'QUFBQUFBQUFBQUFBQUFBQQ' },
  counts: noCounts(),
};

test('the state of a replay is read as it was written, with offsets of any size', () => {
  assert.deepEqual(decodeState(encodeState(state)), state);
});

test('the state that a version before topic ids has written is read', () => {
  const { topicIds: _ids, counts, ...older } = state;
  const { unsendable: _unsendable, ...olderCounts } = counts;
  const json = JSON.stringify({ ...older, counts: olderCounts }, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  const read = decodeState(Buffer.from(json));
  assert.deepEqual([read.topicIds, read.counts], [{}, noCounts()]);
});

test('what cannot be sent again is counted among what was read', () => {
  const counts = noCounts();
  countSorted(counts, 'unsendable');
  countUnreadable(counts, 40);
  countSorted(counts, 'send');
  assert.deepEqual(counts, { ...noCounts(), read: 42, unsendable: 41, sent: 1 });
});

test('the group of a replay is at the first offset that is still to be read', () => {
  assert.deepEqual(
    [...positionsOf(state.spans)],
    [
      [0, 9n],
      [1, 9_007_199_254_740_993n],
    ],
  );
});

test('a later run may leave out what the replay was started with, but not change it', () => {
  assert.deepEqual(differencesFrom(state.request, { source: 'commands' }), []);
  assert.deepEqual(differencesFrom(state.request, { source: 'commands', connector: ['acme'] }), []);
  assert.deepEqual(differencesFrom(state.request, { source: 'events', user: 'ada' }), ['source', 'user']);
});

test('a replayed record is the record, with the marks of this replay in place of those of another', () => {
  const again = replayedRecord(record, state, 6);
  assert.deepEqual([again.key, again.value], [record.key, record.value]);
  assert.deepEqual(
    again.headers,
    toHeaders({ 'connector-id': 'acme', 'replay-id': 'r1', 'replay-from': 'commands:3:41' }),
  );
  const forced = replayedRecord(record, { ...state, request: { ...state.request, force: true } }, 6);
  assert.equal(String(forced.headers['replay-force']), '1');
});

test('the progress of a replay counts what is read, even if none of it has to be sent', () => {
  const span = { partition: 0, fromOffset: 0n, endOffset: 450_000n, position: 90_000n };
  const known = { ...noCounts(), read: 90_000, knownToLedger: 90_000 };
  assert.deepEqual(replayProgress({ spans: [span], counts: known }, 0), { done: 90_000, share: 0.2 });
  const sent = { ...noCounts(), read: 90_000, sent: 90_000 };
  assert.deepEqual(replayProgress({ spans: [span], counts: sent }, 45_000), { done: 90_000, share: 0.1 });
});
