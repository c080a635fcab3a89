import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { toDeadLetter, toHeaders } from '@astrolabe/records';
import { eventually } from '@astrolabe/testkit';
import { jsonLines, runAstrolabe } from '../testing/run-astrolabe.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';

interface Entry {
  readonly action: string;
  readonly caller: { readonly program: string; readonly name: string; readonly from: string };
  readonly about: string;
  readonly before?: Readonly<Record<string, unknown>>;
  readonly result?: {
    readonly kind: string;
    readonly counts?: Readonly<Record<string, number>>;
    readonly after?: Readonly<Record<string, unknown>>;
  };
}

async function entriesIn(cluster: TestCluster, ...flags: string[]): Promise<Entry[]> {
  const listed = await runAstrolabe(['audit', 'list', '--json', ...flags], cluster.env);
  assert.equal(listed.exitCode, 0, listed.stderr);
  return jsonLines<Entry>(listed);
}

async function writeDeadLetters({ topics, producer }: TestCluster, count: number): Promise<void> {
  const deadLetters = Array.from({ length: count }, (_, index) =>
    toDeadLetter(
      {
        topic: topics.segmentEvents.name,
        partition: 0,
        offset: BigInt(index),
        timestampMs: 0,
        key: Buffer.from('["acme","user","u1"]'),
        value: Buffer.from('{"type":"track","event":"a secret event","userId":"u1"}'),
        headers: toHeaders({ 'connector-id': 'acme', 'message-id': `m${index}` }),
      },
      { code: 'event.unmappable', message: 'why', group: 'mapper', atMs: 0 },
    ),
  );
  await producer.send(topics.segmentEventsDeadLetters.name, deadLetters);
}

test('what an operator changes is in the audit, by whom, from where and with which result, and never a key or a payload', async (t) => {
  const cluster = await startTestCluster(t, 'audit');
  const folder = await mkdtemp(join(tmpdir(), 'audit-'));
  t.after(() => rm(folder, { recursive: true }));
  const env = {
    ...cluster.env,
    CONNECTORS_FILE: join(folder, 'connectors.json'),
    ASTROLABE_OPERATOR: 'eva',
  };
  const run = async (...args: string[]) => {
    const done = await runAstrolabe(args, env);
    assert.equal(done.exitCode, 0, done.stderr);
    return done;
  };
  const added = await run('connectors', 'add', '--name', 'Acme', '--free-email-providers', 'block', '--json');
  const rotated = await run('connectors', 'rotate-key', 'acme', '--execute', '--json');
  const [first] = jsonLines<{ apiKey: string }>(added);
  const [second] = jsonLines<{ apiKey: string; retire: string }>(rotated);
  assert.ok(first !== undefined && second !== undefined);
  await run('connectors', 'disable', 'acme');
  await run('connectors', 'rotate-key', 'acme', '--retire', second.retire, '--execute');
  await writeDeadLetters(cluster, 3);
  await run('dlq', 'redrive', '--topic', 'events', '--offsets', '0:0', '--execute');
  await run('dlq', 'dismiss', '--connector', 'acme', '--reason', 'test data', '--execute');
  await run('schemas', 'apply', '--execute');

  const entries = await entriesIn(cluster);
  assert.deepEqual(
    entries.map(({ action, about, result }) => [action, about, result?.kind]),
    [
      ['apply-schemas', `command schemas of ${cluster.topics.commands.name}`, 'done'],
      ['dismiss', 'dead letters: connector acme', 'done'],
      ['redrive', 'dead letters: topic events, offsets 0:0-0', 'done'],
      ['retire-key', 'connector acme', 'done'],
      ['enable-connector', 'connector acme', 'done'],
      ['rotate-key', 'connector acme', 'done'],
      ['add-connector', 'connector Acme', 'done'],
    ],
  );
  assert.ok(entries.every(({ caller }) => caller.program === 'cli' && caller.name === 'eva'));
  assert.ok(entries.every(({ caller }) => caller.from.endsWith(`@${hostname()}`)));
  const [, dismissed, redriven, , disabled] = entries;
  assert.deepEqual([dismissed?.result?.counts?.['dismissed'], redriven?.result?.counts?.['redriven']], [2, 1]);
  assert.deepEqual([disabled?.before, disabled?.result?.after], [{ enabled: true }, { enabled: false }]);

  const exported = (await run('audit', 'export')).stdout;
  assert.equal(exported.trim().split('\n').length, 7);
  for (const secret of [first.apiKey, second.apiKey, 'a secret event']) assert.ok(!exported.includes(secret));
  const shown = await run('audit', 'list', '--action', 'dismiss', '--since', '1h', '--who', 'eva');
  assert.match(
    shown.stdout,
    /^BEGUN .*\n\S+Z +eva +\S+@\S+ +dismiss +dead letters: connector acme +done: dismissed 2\n$/,
  );
  assert.deepEqual(await entriesIn(cluster, '--who', 'nobody'), []);
  assert.equal((await runAstrolabe(['audit', 'list', '--action', 'nothing'], env)).exitCode, 2);
});

test('after an upgrade nothing is changed until topics apply has made the topic of the audit, and that is recorded', async (t) => {
  const cluster = await startTestCluster(t, 'audit-upgrade');
  await cluster.admin.deleteTopics([cluster.topics.audit.name]);
  await eventually(async () => (await runAstrolabe(['topics', 'check'], cluster.env)).stdout.includes('+ '), {
    timeoutMs: 30_000,
    describe: 'the end of the topic',
  });
  await writeDeadLetters(cluster, 1);
  const refused = await runAstrolabe(['dlq', 'redrive', '--all', '--execute'], cluster.env);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /audit\.v1 does not exist yet; create it with "astrolabe topics apply --execute"/);
  assert.match((await runAstrolabe(['dlq', 'list'], cluster.env)).stdout, /1 dead letter waiting/);
  const none = await runAstrolabe(['audit', 'list'], cluster.env);
  assert.match(none.stderr, /audit\.v1 does not exist yet; .* Nothing is recorded yet\./);

  const applied = await runAstrolabe(['topics', 'apply', '--execute'], cluster.env);
  assert.equal(applied.exitCode, 0, applied.stderr);
  assert.match(applied.stdout, /\+ \S+audit\.v1: 1 partition, replication 1\n[\s\S]*Applied\.\n$/);
  const [entry, ...others] = await entriesIn(cluster);
  assert.deepEqual([entry?.action, entry?.result?.kind, others], ['apply-topics', 'done', []]);
  assert.equal((await runAstrolabe(['dlq', 'redrive', '--all', '--execute'], cluster.env)).exitCode, 0);
});

test('a connectors file can be prepared without brokers, and it is said that this is not recorded', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'audit-'));
  t.after(() => rm(folder, { recursive: true }));
  const connectorsFile = join(folder, 'connectors.json');
  await writeFile(connectorsFile, '{"connectors":[{"id":"acme","name":"Acme","apiKey":"k1"}]}');
  const done = await runAstrolabe(['connectors', 'disable', 'acme'], { CONNECTORS_FILE: connectorsFile });
  assert.equal(done.exitCode, 0);
  assert.match(done.stderr, /This is not recorded in the audit, because KAFKA_BROKERS is not set\./);
  assert.match(await readFile(connectorsFile, 'utf8'), /"enabled":\s*false/);
});

test('where the brokers are away, a connector is left as it is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'audit-'));
  t.after(() => rm(folder, { recursive: true }));
  const connectorsFile = join(folder, 'connectors.json');
  const text = '{"connectors":[{"id":"acme","name":"Acme","apiKey":"k1"}]}';
  await writeFile(connectorsFile, text);
  const env = { CONNECTORS_FILE: connectorsFile, KAFKA_BROKERS: '127.0.0.1:1' };
  const refused = await runAstrolabe(['connectors', 'disable', 'acme'], env);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /no broker answers/);
  assert.equal(await readFile(connectorsFile, 'utf8'), text);
});
