/** What an operator decides about dead letters that do not simply go back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTopic } from '@astrolabe/kafka';
import { toHeaders, type ConsumedRecord, type OutgoingRecord } from '@astrolabe/records';
import { jsonLines, runAstrolabe } from '../testing/run-astrolabe.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';

/** As ingest stores what it refuses. */
function refused(index: number, value: string, trust: string | undefined, code: string): OutgoingRecord {
  return {
    key: Buffer.from('["acme","user","victim"]'),
    value: Buffer.from(value),
    headers: toHeaders({
      'connector-id': 'acme',
      'message-id': `m${index}`,
      'received-at': '2026-03-01T10:00:00.000Z',
      'sender-trust': trust,
      'dlq.code': code,
      'dlq.message': 'refused',
      'dlq.group': 'ingest',
    }),
    partition: 0,
  };
}

const deletion = (index: number) => `{"type":"delete","userId":"victim","messageId":"m${index}"}`;

async function eventsOn({ connection, topics }: TestCluster): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await readTopic({ connection, topic: topics.segmentEvents.name }, (record) => records.push(record));
  return records;
}

interface Redriven {
  readonly redriven: number;
  readonly untrusted: number;
  readonly dismissed: number;
  readonly refusals: readonly { readonly position: string; readonly reason: string }[];
}

test('a deletion sent with a public write key is executed only by a redrive that names it', async (t) => {
  const cluster = await startTestCluster(t, 'dlq-trust');
  const topic = cluster.topics.segmentEventsDeadLetters.name;
  await cluster.producer.send(topic, [
    refused(0, deletion(0), 'write-key', 'event.unauthenticated'),
    refused(1, deletion(1), undefined, 'event.unauthenticated'),
    refused(2, '{"type":"identify","userId":"u1","messageId":"m2"}', 'write-key', 'event.invalid'),
  ]);
  const run = async (...args: string[]) => {
    const done = await runAstrolabe(['dlq', 'redrive', '--execute', '--json', ...args], cluster.env);
    const [report] = jsonLines<Redriven>(done);
    return { exitCode: done.exitCode, report, stderr: done.stderr };
  };
  const all = await run('--topic', 'events', '--all');
  assert.equal(all.exitCode, 1);
  assert.deepEqual([all.report?.redriven, all.report?.untrusted], [1, 2]);
  assert.deepEqual(
    all.report?.refusals.map(({ position }) => position),
    [`${topic}:0:0`, `${topic}:0:1`],
  );
  for (const filter of [['--offsets', '0:0', '--topic', 'events'], ['--message-id', 'm0'], ['--to-earliest']]) {
    const filtered = await run(...filter);
    assert.equal(filtered.report?.redriven, 0, filter.join(' '));
    const both = await run(...filter, '--as-trusted', 'events:0:0');
    assert.equal(both.exitCode, 2);
    assert.match(both.stderr, /--as-trusted cannot be combined with --all or a filter/);
  }
  const asked = await runAstrolabe(['dlq', 'redrive', '--topic', 'events', '--all'], cluster.env, { answers: [] });
  assert.match(asked.stdout, /^0 dead letters sent back/);
  assert.match(asked.stdout, /2 left: they delete or unsuppress a user and were not sent with the API key/);
  assert.match(asked.stdout, new RegExp(`astrolabe dlq redrive --as-trusted ${topic}:0:0`));
  assert.equal((await eventsOn(cluster)).length, 1);

  const named = await run('--as-trusted', 'events:0:0');
  assert.deepEqual([named.exitCode, named.report?.redriven], [0, 1], named.stderr);
  const executed = (await eventsOn(cluster)).find(({ headers }) => headers['message-id']?.toString() === 'm0');
  assert.equal(executed?.headers['sender-trust']?.toString(), 'operator');
});

test('dismissed dead letters are not offered again, are listed as dismissed, and say why', async (t) => {
  const cluster = await startTestCluster(t, 'dlq-dismiss');
  const topic = cluster.topics.segmentEventsDeadLetters.name;
  const bad = (index: number) => refused(index, '{"type":"track","userId":"u1"}', 'write-key', 'event.invalid');
  await cluster.producer.send(topic, [bad(0), bad(1), refused(2, deletion(2), 'write-key', 'event.unauthenticated')]);
  const run = (...args: string[]) => runAstrolabe(['dlq', ...args], cluster.env);
  assert.equal((await run('dismiss', '--execute')).exitCode, 2, 'a selection is named');
  const asked = await run('dismiss', '--code', 'event.invalid');
  assert.equal(asked.exitCode, 2);
  assert.match(asked.stderr, /event\.invalid +acme +2[\s\S]*Dismiss 2 dead letters\? .* Re-run with --execute/);
  const done = await run('dismiss', '--code', 'event.invalid', '--reason', 'test data', '--execute');
  assert.deepEqual([done.exitCode, done.stdout.startsWith('2 dead letters dismissed')], [0, true], done.stderr);

  const [list] = jsonLines<{ waiting: number; redriven: number; dismissed: number }>(await run('list', '--json'));
  assert.deepEqual([list?.waiting, list?.redriven, list?.dismissed], [1, 0, 2]);
  assert.match((await run('list', '--all')).stdout, /REDRIVEN +DISMISSED[\s\S]*1 dead letter waiting, 2 dismissed\./);
  assert.match((await run('show', 'events:0:0')).stdout, /state +dismissed at \S+ \([0-9a-f-]+\): test data/);
  assert.equal((await run('export')).stdout.trim().split('\n').length, 1);
  const [redriven] = jsonLines<Redriven>(await run('redrive', '--all', '--execute', '--json'));
  assert.deepEqual([redriven?.dismissed, redriven?.redriven, redriven?.untrusted], [2, 0, 1]);
  assert.match((await run('dismiss', '--code', 'event.invalid', '--execute')).stdout, /No waiting dead letter/);
});

test('a position without a dead letter is reported with what the partition has', async (t) => {
  const { env } = await startTestCluster(t, 'dlq-place');
  const show = async (at: string) => (await runAstrolabe(['dlq', 'show', at], env)).stderr;
  assert.match(
    await show('events:99:0'),
    /segment\.events\.dlq\.v1 has no partition 99; it has partitions 0 to 5\.\n$/,
  );
  assert.match(await show('events:0:0'), /There is no dead letter at .*:0:0; the partition is empty\.\n$/);
});
