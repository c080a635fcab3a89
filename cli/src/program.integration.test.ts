/** The verbs on a real cluster and registry. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createKafkaAdmin, createKafkaConnection } from '@astrolabe/kafka';
import { topicsFor } from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import { uniqueName } from '@astrolabe/testkit';
import { runProgram } from './program.ts';

interface Bed {
  /** Of the topics that the program knows under the test's own prefix. */
  readonly names: readonly string[];
  run(...args: string[]): Promise<{ readonly exitCode: number; readonly stdout: string }>;
}

/** A prefix of the test's own, without topics; those that it makes are gone after it. */
async function openBed(t: TestContext): Promise<Bed> {
  const prefix = `${uniqueName('cli')}.`;
  const env = { ...process.env, KAFKA_TOPIC_PREFIX: prefix, KAFKA_REPLICATION_FACTOR: '1' };
  const names = Object.values(topicsFor(prefix)).map(({ name }) => name);
  const connection = createKafkaConnection({
    brokers: (process.env['KAFKA_BROKERS'] ?? '').split(','),
    clientId: 'cli-test',
    logger: createLogger({ name: 'cli-test', level: 'silent' }),
  });
  const admin = await createKafkaAdmin(connection);
  t.after(async () => {
    await admin.deleteTopics(names);
    await admin.close();
  });
  const run: Bed['run'] = async (...args) => {
    let stdout = '';
    let stderr = '';
    const exitCode = await runProgram(args, {
      env,
      stdout: (text) => (stdout += text),
      stderr: (text) => (stderr += text),
    });
    assert.equal(stderr, '');
    return { exitCode, stdout };
  };
  return { names, run };
}

test('topics apply changes nothing without --execute, creates what is missing with it, and then agrees', async (t) => {
  const { names, run } = await openBed(t);
  assert.equal((await run('topics', 'check')).exitCode, 1);
  const planned = await run('topics', 'apply');
  assert.equal(planned.exitCode, 1);
  assert.match(planned.stdout, /\+ .*segment\.events\.v1: 6 partitions, replication 1/);
  assert.equal((await run('topics', 'check')).exitCode, 1, 'nothing was created by the plan');

  assert.equal((await run('topics', 'apply', '--execute')).exitCode, 0);
  assert.equal((await run('topics', 'check')).exitCode, 0);
  const again = await run('topics', 'apply', '--execute', '--json');
  assert.equal(again.exitCode, 0);
  const result = JSON.parse(again.stdout) as { unchanged: string[] };
  assert.deepEqual(result.unchanged.toSorted(), names.toSorted());
});

test('schemas apply registers once and gives the same ids again', async (t) => {
  const { run } = await openBed(t);
  // What is changed is recorded, and the record has a topic.
  assert.equal((await run('topics', 'apply', '--execute')).exitCode, 0);
  assert.equal((await run('schemas', 'check')).exitCode, 1);
  const first = JSON.parse((await run('schemas', 'apply', '--execute', '--json')).stdout) as Applied;
  assert.ok(first.applied.every(({ changed }) => changed));
  assert.equal((await run('schemas', 'check')).exitCode, 0);
  const second = JSON.parse((await run('schemas', 'apply', '--execute', '--json')).stdout) as Applied;
  assert.ok(second.applied.every(({ changed }) => !changed));
  assert.deepEqual(
    second.applied.map(({ schemaId }) => schemaId),
    first.applied.map(({ schemaId }) => schemaId),
  );
});

interface Applied {
  readonly applied: readonly { readonly schemaId: number; readonly changed: boolean }[];
}
