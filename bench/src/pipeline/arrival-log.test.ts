import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArrivalLog } from './arrival-log.ts';

test('an event that comes twice counts once, and its first time counts', () => {
  const log = new ArrivalLog(10);
  log.add(3, 100);
  log.add(3, 200);
  assert.deepEqual(log.progress(), { calls: 2, distinct: 1, overtaken: 0, lastAtMs: 100 });
  assert.deepEqual(log.times(2, 3), [null, 100, null]);
});

test('an event that comes after a later one of its user is overtaken, one of another user is not', () => {
  const log = new ArrivalLog(10);
  log.add(12, 0);
  log.add(3, 0);
  assert.equal(log.progress().overtaken, 0);
  log.add(2, 0);
  assert.equal(log.progress().overtaken, 1);
});

test('a repetition is not out of order', () => {
  const log = new ArrivalLog(10);
  log.add(2, 0);
  log.add(12, 0);
  log.add(2, 0);
  assert.equal(log.progress().overtaken, 0);
});

test('what comes again as a whole is compared with what came again, and how often each came is told', () => {
  const log = new ArrivalLog(10);
  for (const index of [2, 12, 22, 3]) log.add(index, 0);
  for (const index of [2, 12]) log.add(index, 1);
  assert.equal(log.progress().overtaken, 0);
  assert.deepEqual(
    [log.timesCome(2, 1), log.timesCome(2, 2)],
    [
      { least: 2, most: 2 },
      { least: 1, most: 2 },
    ],
  );
  for (const index of [12, 2]) log.add(index, 2);
  assert.equal(log.progress().overtaken, 1);
});

test('nothing that came is lost when the log grows', () => {
  const log = new ArrivalLog(10);
  for (const index of [0, 65_535, 65_536, 1_000_000]) log.add(index, index);
  assert.equal(log.progress().distinct, 4);
  for (const index of [0, 65_535, 65_536, 1_000_000]) {
    assert.deepEqual(log.times(index, 1), [index]);
    assert.deepEqual(log.timesCome(index, 1), { least: 1, most: 1 });
  }
});
