import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineError, isPipelineError } from '@astrolabe/service-kit/errors';
import { SCOPE_BYTES, StateMemory, entryBytes } from './state-memory.ts';
import { PartitionState } from './state-view.ts';
import { countCodec } from '../testing/counting.ts';

const ENTRY = entryBytes(1);

function bounded(entries: number) {
  return new StateMemory({
    growthBytes: entries * ENTRY,
    maxBytes: entries * ENTRY,
    fault: (usedBytes) => new PipelineError('service.defect', `${usedBytes}`, { retryable: false }),
  });
}

const entry = (id: string, scope = 'a') => ({ scope, id });

test('states that share a memory take what their entries take, and give it back when entries or they themselves go', () => {
  const memory = bounded(100);
  const one = new PartitionState(countCodec, memory);
  const other = new PartitionState(countCodec, memory);
  one.set(entry('1'), 1);
  one.set(entry('1'), 2);
  one.set(entry('2'), 1);
  other.set(entry('1', 'b'), 1);
  assert.equal(memory.usedBytes, 3 * ENTRY + 2 * SCOPE_BYTES);
  one.set(entry('2'), 10 ** 20);
  assert.ok(memory.usedBytes > 3 * ENTRY + 2 * SCOPE_BYTES);
  one.delete(entry('2'));
  one.delete(entry('2'));
  assert.equal(memory.usedBytes, 2 * ENTRY + 2 * SCOPE_BYTES);
  other.delete(entry('1', 'b'));
  assert.equal(memory.usedBytes, ENTRY + SCOPE_BYTES);
  one.release();
  other.release();
  other.release();
  assert.equal(memory.usedBytes, 0);
});

test('a scope may hold what is left for all others: half where it is alone, and a small one still finds room', () => {
  const memory = bounded(30);
  const fill = (scope: string): number => {
    let entries = 0;
    for (; memory.hasRoom(scope); entries += 1) memory.add(scope, ENTRY);
    return entries;
  };
  assert.deepEqual([fill('a'), fill('b'), fill('c')], [15, 8, 4]);
  assert.ok(memory.hasRoom('d'));
  memory.add('a', -15 * ENTRY);
  assert.equal(fill('b'), 5);
});

test('what is held beyond the maximum is a fault, at a restore and at the next batch', () => {
  const fault = (usedBytes: number) => new PipelineError('service.defect', `${usedBytes}`, { retryable: false });
  const bytesOf = (entries: number) => SCOPE_BYTES + entries * ENTRY;
  const memory = new StateMemory({ growthBytes: bytesOf(1), maxBytes: bytesOf(2), fault });
  const state = new PartitionState(countCodec, memory);
  state.set(entry('1'), 1);
  state.set(entry('2'), 1);
  assert.equal(state.hasRoom('a'), false);
  assert.equal(state.takeChanges(0).length, 2);
  state.set(entry('3'), 1);
  assert.throws(
    () => state.takeChanges(0),
    (error) => isPipelineError(error, 'service.defect') && error.message === String(bytesOf(3)),
  );
});

test('without a bound there is room for everything', () => {
  const memory = new StateMemory();
  memory.add('a', 2 ** 50);
  assert.ok(memory.hasRoom('a'));
  memory.assertFits();
});
