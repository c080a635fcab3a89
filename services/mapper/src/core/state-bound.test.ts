import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateBoundOf, stateTooLarge } from './state-bound.ts';

const MIB = 1_048_576;
const memoryOf = (heapMib: number) => ({
  heapBytes: heapMib * MIB,
  heapLimitBytes: (heapMib + 192) * MIB,
  totalBytes: 2 ** 35,
});

test('users may take half of the heap that the program leaves, and grow to four fifths of that', () => {
  assert.deepEqual(stateBoundOf(memoryOf(548)), { maxBytes: 250 * MIB, growthBytes: 200 * MIB });
  assert.deepEqual(stateBoundOf(memoryOf(32)), { maxBytes: 0, growthBytes: 0 }, 'a heap that is too small for any');
});

test('the fault names the figures and the settings, and a heap of the size that it asks for is large enough', () => {
  const memory = memoryOf(148);
  const fault = stateTooLarge(60 * MIB, stateBoundOf(memory), memory);
  assert.equal(fault.retryable, false);
  assert.match(fault.message, /more than 60 MiB, and its heap of 148 MiB has room for 50 MiB/);
  const asked = Number(/--max-old-space-size in NODE_OPTIONS above (\d+)/.exec(fault.message)?.[1]);
  assert.ok(stateBoundOf(memoryOf(asked)).maxBytes >= 60 * MIB);
});
