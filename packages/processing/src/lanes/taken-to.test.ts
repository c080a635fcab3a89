import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordsOf } from '@astrolabe/records/testing';
import { createIdleLanes } from '../testing/idle-lanes.ts';

test('what a replay must not overtake is the position of the partition, and of a lagging connector its own', () => {
  const { processor } = createIdleLanes();
  assert.equal(processor.takenTo('a'), 0n);
  processor.enqueue(recordsOf(0n, ['a', 'b', 'b', 'b']), 6n);
  assert.deepEqual([...processor.cursors().keys()], ['b']);
  assert.equal(processor.takenTo('a'), 6n);
  assert.equal(processor.takenTo('unknown'), 6n);
  assert.equal(processor.takenTo('b'), 2n, 'one is in hand, and those behind it are read again');
});
