import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditRow } from './audit-lines.ts';

const action = {
  id: 'a1',
  action: 'redrive',
  caller: { program: 'console', name: 'eva', role: 'replayer', from: '10.0.0.7' },
  about: 'dead letters: all',
  begunAtMs: Date.parse('2026-11-29T10:00:00Z'),
} as const;

test('an action is shown with who, from where, and what came of it', () => {
  const result = { kind: 'done', counts: { redriven: 60, refused: 0 } } as const;
  assert.deepEqual(auditRow({ ...action, end: { atMs: 0, result } }), [
    '2026-11-29T10:00:00.000Z',
    'eva (replayer)',
    '10.0.0.7',
    'redrive',
    'dead letters: all',
    'done: redriven 60',
  ]);
  const refused = { kind: 'refused', message: 'it is over' } as const;
  assert.equal(auditRow({ ...action, end: { atMs: 0, result: refused } }).at(-1), 'refused: it is over');
  assert.equal(auditRow({ ...action, end: undefined }).at(-1), 'not ended');
});
