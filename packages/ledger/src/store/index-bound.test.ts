import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ledgerTooLarge, maxIndexBytes } from './index-bound.ts';

const MIB = 1_048_576;
const memoryOf = (totalMib: number, heapLimitMib: number) => ({
  totalBytes: totalMib * MIB,
  heapLimitBytes: heapLimitMib * MIB,
  heapBytes: heapLimitMib * MIB,
});

test('the index may take half of what the heap leaves of the memory, and an eighth of all where it leaves nothing', () => {
  assert.equal(maxIndexBytes(memoryOf(1_000, 400)), 300 * MIB);
  assert.equal(maxIndexBytes(memoryOf(800, 800)), 100 * MIB);
  assert.equal(maxIndexBytes(memoryOf(800, 4_096)), 100 * MIB);
});

test('the fault names the figures and what to do', () => {
  const fault = ledgerTooLarge(301 * MIB, memoryOf(1_000, 400));
  assert.equal(fault.code, 'ledger.too-large');
  assert.equal(fault.retryable, false);
  assert.match(fault.message, /needs 301 MiB .* of the 1000 MiB .* 300 MiB are for that/);
  assert.match(fault.message, /DISPATCHER_LEDGER_WINDOW_HOURS/);
});
