import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments } from './arguments.ts';

test('events follow the minutes where they are not given', () => {
  assert.deepEqual(parseArguments(['--seed', '7', '--minutes', '30']), {
    kind: 'run',
    seed: 7,
    minutes: 30,
    events: 72_000,
    shrinkMinutes: 15,
    logs: undefined,
    upgradeFrom: undefined,
    json: false,
  });
});

test('a value that is not a number, or is out of range, is refused, and the message names the option', () => {
  for (const [option, value] of [
    ['--seed', '-1'],
    ['--seed', 'x'],
    ['--minutes', '0'],
    ['--events', '1.5'],
    ['--events', ''],
    ['--shrink-minutes', 'x'],
    ['--upgrade-from', ''],
    ['--upgrade-from', '-q'],
    ['--upgrade-from', 'HEAD HEAD~1'],
  ] as const) {
    const parsed = parseArguments([`${option}=${value}`]);
    assert.ok(parsed.kind === 'wrong' && parsed.message.startsWith(option), `${option} ${value}`);
  }
  assert.equal(parseArguments(['--seeds', '1']).kind, 'wrong');
});

test('a revision is taken as git names it', () => {
  const parsed = parseArguments(['--upgrade-from', 'HEAD~1']);
  assert.ok(parsed.kind === 'run' && parsed.upgradeFrom === 'HEAD~1');
});
