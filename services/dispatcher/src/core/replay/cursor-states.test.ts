import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertMayBecome, cursorStates, type CursorState } from './cursor-states.ts';

test('a cursor takes the steps of the table and no others', () => {
  const states = Object.keys(cursorStates) as CursorState[];
  for (const from of states) {
    for (const to of states) {
      const isAllowed = (cursorStates[from] as readonly string[]).includes(to);
      if (isAllowed) assertMayBecome(from, to);
      else assert.throws(() => assertMayBecome(from, to), new RegExp(`${from} cannot become ${to}`));
    }
  }
});

test('what has ended is not read again', () => {
  assert.deepEqual(cursorStates.ended, []);
});
