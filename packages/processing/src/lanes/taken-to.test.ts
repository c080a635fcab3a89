import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordsOf } from '@astrolabe/records/testing';
import { recordedSession } from '../testing/recorded-session.ts';
import { createLaneProcessor } from './lane-processor.ts';

test('what a replay must not overtake is the position of the partition, and of a lagging connector its own', () => {
  const processor = createLaneProcessor<undefined>({
    session: recordedSession(),
    laneOf: ({ offset }) => String(offset),
    connectorOf: ({ key }) => key?.toString() ?? '',
    handler: { start: () => undefined, withdraw: () => true, abort: () => undefined, isBlocked: () => true },
    limits: {
      maxRecords: 4,
      maxBytes: 1_000_000,
      windowRecords: 1,
      windowBytes: 1_000_000,
      maxHoldMs: Infinity,
      maxLaggingConnectors: 1,
    },
    nowMs: () => 0,
    restore: undefined,
    readPage: () => new Promise(() => undefined),
  });
  assert.equal(processor.takenTo('a'), 0n);
  processor.enqueue(recordsOf(0n, ['a', 'b', 'b', 'b']), 6n);
  assert.deepEqual([...processor.cursors().keys()], ['b']);
  assert.equal(processor.takenTo('a'), 6n);
  assert.equal(processor.takenTo('unknown'), 6n);
  assert.equal(processor.takenTo('b'), 2n, 'one is in hand, and those behind it are read again');
});
