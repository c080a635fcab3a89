import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRunning, signalGroup } from './process-state.ts';

test('a process that runs is running', () => {
  assert.equal(isRunning(process.pid), true);
});

test('0, and what is below it, is refused: the system would take it for a group, the own one among them', () => {
  for (const pid of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => isRunning(pid), RangeError);
    assert.throws(() => signalGroup(pid, 'SIGCONT'), RangeError);
  }
});
