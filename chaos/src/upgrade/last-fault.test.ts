import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOfDisturbance, lastFaultIn } from './last-fault.ts';

const line = (level: string | number, code: string | undefined, message: string): string =>
  JSON.stringify({ level, msg: 'dispatcher cannot go on', err: { code, message } });

test('a process ends with the last fatal line of its log, whatever it logs while it stops', () => {
  const lines = [
    line('error', 'kafka.unavailable', 'no broker'),
    line('fatal', 'ledger.unknown-format', 'version 3'),
    line('error', 'kafka.unavailable', 'the offsets were not committed'),
  ];
  assert.deepEqual(lastFaultIn(lines), { code: 'ledger.unknown-format', message: 'version 3' });
  assert.deepEqual(lastFaultIn([line(60, undefined, 'no JSON')]), { code: undefined, message: 'no JSON' });
});

test('a process that Node ended has the last line that it printed', () => {
  const lines = [line('error', 'kafka.unavailable', 'no broker'), 'SyntaxError: a module does not export that'];
  assert.equal(lastFaultIn(lines).message, 'SyntaxError: a module does not export that');
  assert.deepEqual(lastFaultIn([]), { code: undefined, message: 'it said nothing' });
});

test('what a full disk brings about is of the disturbances, and what an unknown format does is not', () => {
  assert.ok(isOfDisturbance({ code: 'ledger.disk-failed', message: '' }));
  assert.ok(!isOfDisturbance({ code: 'ledger.unknown-format', message: '' }));
  assert.ok(!isOfDisturbance({ code: undefined, message: 'the state of a user is empty' }));
});
