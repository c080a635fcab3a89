import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runAstrolabe } from './testing/run-astrolabe.ts';
import { withWaitNote } from './wait-note.ts';

test('what takes long is noted, and what does not is not', async () => {
  const notes: string[] = [];
  const note = (line: string): void => void notes.push(line);
  const { promise, resolve } = Promise.withResolvers<number>();
  const waited = withWaitNote({ note: (line) => (note(line), resolve(1)) }, 'the brokers x:1', promise, 1);
  assert.equal(await waited, 1, 'the note comes during the wait');
  assert.deepEqual(notes, ['waiting for the brokers x:1 ...']);
  assert.equal(await withWaitNote({ note }, 'nothing', Promise.resolve(2), 60_000), 2);
  assert.equal(notes.length, 1);
});

test('every verb that needs brokers ends with the reason where none answers', async () => {
  const env = { KAFKA_BROKERS: '127.0.0.1:1', SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' };
  for (const verb of [['lag'], ['dlq', 'list'], ['topics', 'check'], ['trace', 'm1'], ['tail', 'events']]) {
    const { exitCode, stderr } = await runAstrolabe(verb, env);
    assert.equal(exitCode, 1, verb.join(' '));
    assert.match(stderr, /^no broker answers \(127\.0\.0\.1:1: connect ECONNREFUSED 127\.0\.0\.1:1\)/, verb.join(' '));
  }
});
