import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dispatcherProgress, mapperProgress, replayOrder } from '../testing/index.ts';
import { noDispatcherCounts, type ReplayedCommandsProgress } from './replay-progress.ts';
import { replayKey } from './replay-keys.ts';
import {
  decodeMapperProgress,
  dispatcherProgressRecord,
  encodeMapperProgress,
  mapperProgressRecord,
  orderRecord,
  readReplayRecord,
  removalRecord,
  replayedCommandsRecord,
} from './replay-record.ts';

/** Of any size: a JSON number would round it. */
const FAR = 9_007_199_254_740_993n;
const text = (value: unknown) => Buffer.from(JSON.stringify(value));

test('an order is read as it was written, with offsets of any size', () => {
  const order = replayOrder({
    request: { source: 'commands', connector: ['acme'], force: true },
    spans: [
      { partition: 0, fromOffset: 3n, endOffset: FAR },
      { partition: 1, fromOffset: 0n, endOffset: 1n },
    ],
    topicIds: { commands: 'QUFBQUFBQUFBQUFBQUFBQQ' },
    wanted: 'pause',
    recordsPerSecond: 0.5,
  });
  assert.deepEqual(readReplayRecord(orderRecord(order)), { kind: 'order', order });
  const unlimited = replayOrder();
  assert.deepEqual(readReplayRecord(orderRecord(unlimited)), { kind: 'order', order: unlimited });
});

test('progress is read as it was written, under the key of who wrote it', () => {
  const mapped = mapperProgress(FAR, { mapped: 3, expired: 2 }, { commands: 5, gaveWayMs: 7, obeysMs: 9 });
  assert.deepEqual(readReplayRecord(mapperProgressRecord('r1', 4, mapped)), {
    kind: 'mapper-progress',
    id: 'r1',
    partition: 4,
    progress: mapped,
  });
  assert.deepEqual(decodeMapperProgress(encodeMapperProgress(mapped)), mapped);
  const sent = dispatcherProgress(FAR, { knownToLedger: 3 });
  assert.deepEqual(readReplayRecord(dispatcherProgressRecord('r1', 4, sent)), {
    kind: 'dispatcher-progress',
    id: 'r1',
    partition: 4,
    progress: sent,
  });
  const all: ReplayedCommandsProgress = {
    topicId: 'id',
    nextOffset: FAR,
    atMs: 1,
    replays: { r1: { gaveWayMs: 2, counts: { ...noDispatcherCounts, delivered: 8 } } },
  };
  assert.deepEqual(readReplayRecord(replayedCommandsRecord(4, all)), {
    kind: 'replayed-commands',
    partition: 4,
    progress: all,
  });
});

test('a record without a value removes what its key stands for', () => {
  const key = { kind: 'dispatcher-progress', id: 'r1', partition: 2 } as const;
  assert.deepEqual(readReplayRecord(removalRecord(key)), { kind: 'removed', key });
});

test('what an earlier version has stored is told apart by its key', () => {
  const value = text({ id: 'old' });
  assert.deepEqual(readReplayRecord({ key: Buffer.from('old'), value }), { kind: 'older-version', id: 'old', value });
  assert.deepEqual(readReplayRecord({ key: Buffer.from('["odd'), value: null }).kind, 'unreadable');
  assert.deepEqual(readReplayRecord({ key: Buffer.from('old'), value: null }).kind, 'removed-older-version');
});

test('what cannot be read is told, with the field that is wrong', () => {
  const order = { kind: 'order', id: 'r1' } as const;
  const wrong = (value: unknown) => readReplayRecord({ key: replayKey(order), value: text(value) });
  const reasonOf = (value: unknown) => {
    const read = wrong(value);
    return read.kind === 'unreadable' ? read.reason : read.kind;
  };
  const stored = JSON.parse(String(orderRecord(replayOrder()).value)) as Record<string, unknown>;
  assert.equal(reasonOf(stored), 'order');
  assert.equal(reasonOf({ ...stored, format: 3 }), 'its format is not 2');
  assert.equal(reasonOf({ ...stored, wanted: 'stop' }), 'wanted is none of run, pause, cancel');
  assert.equal(
    reasonOf({ ...stored, spans: [{ partition: 0, fromOffset: 1, endOffset: '2' }] }),
    'spans[0].fromOffset is not text',
  );
  assert.equal(reasonOf({ ...stored, request: { source: 'both' } }), 'request.source is none of events, commands');
  assert.equal(reasonOf([]), 'it is not a JSON object');
  assert.equal(readReplayRecord({ key: replayKey(order), value: Buffer.from('{') }).kind, 'unreadable');
  for (const key of ['["replay"]', '["progress","mapper","r1",-1]', '["progress","api","r1",0]', '["other",1]', '']) {
    assert.equal(readReplayRecord({ key: Buffer.from(key), value: text({}) }).kind, 'unreadable', key);
  }
  assert.equal(readReplayRecord({ key: null, value: null }).kind, 'unreadable');
});
