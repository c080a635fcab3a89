import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processMemoryOf, readProcessMemory } from './process-memory.ts';

const MIB = 1_048_576;

test('the young generation is taken off the limit that V8 tells, as far as V8 makes it by default', () => {
  const heapMib = (limitMib: number, totalMib: number) =>
    processMemoryOf(limitMib * MIB, totalMib * MIB).heapBytes / MIB;
  assert.equal(heapMib(4_096 + 192, 23_000), 4_096, 'the default of a large machine');
  assert.equal(heapMib(64 + 192, 23_000), 64, '--max-old-space-size=64 there');
  assert.equal(heapMib(256 + 12, 512), 256, 'the default in a container of 512 MiB');
  assert.equal(heapMib(76, 23_000), 19, 'a young generation that was made smaller leaves a part that is safe');
});

test('a process has some heap, and no more memory than its machine', () => {
  const { heapBytes, heapLimitBytes, totalBytes } = readProcessMemory();
  assert.ok(heapBytes > 0 && heapBytes < heapLimitBytes);
  assert.ok(totalBytes > 0 && totalBytes < 2 ** 50);
});
