import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiCommand } from './command.ts';
import { openDatabase } from '../store/database.ts';
import { createExecuteCommands } from './execute-commands.ts';
import { createIdempotencyStore } from '../store/idempotency-store.ts';
import { createState } from '../store/state.ts';

const command: ApiCommand = { kind: 'upsertUser', userId: 'u', occurredAtMs: 1, properties: { a: 1 } };

test('without a remembered answer there is no effect, and without an effect no remembered answer', (t) => {
  const database = openDatabase(':memory:');
  t.after(() => database.close());
  const state = createState(database);
  const answers = createIdempotencyStore(database, 1_000);
  let failing = true;
  const execute = createExecuteCommands(database, state, {
    ...answers,
    remember: (...record) => {
      if (failing) throw new Error('disk full');
      answers.remember(...record);
    },
  });
  assert.throws(() => execute('acme', [{ key: 'k', command }], 0), /disk full/);
  assert.equal(state.entities.get('acme', 'user', 'u'), undefined);
  failing = false;
  assert.deepEqual(execute('acme', [{ key: 'k', command }], 0), [
    { kind: 'executed', result: 'applied', replayed: false },
  ]);
});
