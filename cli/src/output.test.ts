import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOutput } from './output.ts';

function outputOf(isJson: boolean, print: (output: ReturnType<typeof createOutput>) => void): string {
  let written = '';
  print(createOutput(isJson, (text) => (written += text)));
  return written;
}

const HOSTILE = 'a\u001b]0;title\u0007\u009b31m\nAPI: all is well\u202e';

test('lines for people are shown as lines of ours: what a sender wrote begins none and gives a terminal no command', () => {
  const shown = 'a\\u001b]0;title\\u0007\\u009b31m\\u000aAPI: all is well\\u202e';
  assert.equal(
    outputOf(false, (output) => output.result({}, [HOSTILE, 'b'])),
    `${shown}\nb\n`,
  );
  assert.equal(
    outputOf(true, (output) => output.lines([HOSTILE])),
    `${shown}\n`,
  );
});

test('JSON of a result, and JSON that is passed on, is the same value in which every character can be seen', () => {
  for (const printed of [
    outputOf(true, (output) => output.result({ id: HOSTILE }, [])),
    outputOf(false, (output) => output.json(JSON.stringify({ id: HOSTILE }))),
  ]) {
    assert.doesNotMatch(printed.slice(0, -1), /[\p{Cc}\p{Cf}]/u);
    assert.deepEqual(JSON.parse(printed), { id: HOSTILE });
  }
});
