import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lostCommands } from './lost-commands.ts';

test('commands that are lost are those of the oldest replays, and never more than they have pending', () => {
  const pending = [
    { replayId: 'r1', commands: 3 },
    { replayId: 'r2', commands: 0 },
    { replayId: 'r3', commands: 5 },
  ];
  assert.deepEqual(lostCommands(2, pending), [{ replayId: 'r1', records: 2 }]);
  assert.deepEqual(lostCommands(100, pending), [
    { replayId: 'r1', records: 3 },
    { replayId: 'r3', records: 5 },
  ]);
  assert.deepEqual(lostCommands(5, []), []);
});
