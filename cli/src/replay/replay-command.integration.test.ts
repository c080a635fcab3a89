/** `astrolabe replay` on a broker without services: everything that the program does by itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTopic } from '@astrolabe/kafka';
import { toHeaders } from '@astrolabe/records';
import { jsonLines, runAstrolabe } from '../testing/run-astrolabe.ts';
import { startTestCluster } from '../testing/test-cluster.ts';

interface Listed {
  readonly id: string;
  readonly phase?: string;
  readonly remaining?: string;
}

const event = (messageId: string) => ({
  key: Buffer.from('["acme","user","u1"]'),
  value: Buffer.from(JSON.stringify({ type: 'identify', userId: 'u1', messageId })),
  headers: toHeaders({ 'connector-id': 'acme', 'message-id': messageId }),
  partition: 0,
});

test('a replay is started, listed, paused and cancelled, and what no service has obeyed is told', async (t) => {
  const { topics, connection, producer, env } = await startTestCluster(t, 'replay-verbs');
  await producer.send(topics.segmentEvents.name, ['m1', 'm2'].map(event));
  const run = (...args: string[]) => runAstrolabe(['replay', ...args], env);
  assert.match((await run('list')).stdout, /There are no replays\./);

  const started = await run('events', '--all', '--id', 'mine', '--rate', '5', '--execute', '--detach');
  assert.equal(started.exitCode, 0, started.stderr);
  assert.match(started.stdout, /astrolabe replay status mine --follow/);
  const again = await run('events', '--id', 'mine', '--execute', '--timeout', '1s');
  assert.equal(again.exitCode, 1, again.stderr);
  assert.match(again.stderr, /nothing is started again/);
  assert.match(again.stderr, /no progress for too long/);
  assert.match(again.stdout, /^Replay mine: waiting\n/);

  const status = await run('status', 'mine');
  assert.match(status.stdout, /^Replay mine of events: waiting for a service to take it\n.*at most 5 a second\n/);
  const paused = await run('pause', 'mine', '--timeout', '1s');
  assert.equal(paused.exitCode, 1, paused.stderr);
  assert.match(paused.stderr, /To pause it is asked for and stays so/);
  assert.match((await run('resume', 'mine', '--rate', 'none')).stdout, /goes on/);
  assert.equal((await run('cancel', 'mine', '--timeout', '1s')).exitCode, 1);
  const refused = await run('resume', 'mine');
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /is cancelling/);
  assert.deepEqual(
    jsonLines<Listed>(await run('list', '--json')).map(({ id, phase }) => [id, phase]),
    [['mine', 'cancelling']],
  );
  assert.equal((await run('status', 'other')).exitCode, 2);
  assert.match(
    (await runAstrolabe(['lag', '--interval', '100ms'], env)).stdout,
    /Replays, not counted as lag:\n.*\nmine /,
  );

  const wanted: unknown[] = [];
  await readTopic({ connection, topic: topics.replays.name }, ({ key, value }) => {
    assert.equal(String(key), '["replay","mine"]');
    wanted.push((JSON.parse(String(value)) as { readonly wanted: unknown }).wanted);
  });
  assert.deepEqual(wanted, ['run', 'pause', 'run', 'cancel']);
});

test('a replay that an earlier version has started is refused with the command that starts the rest of it', async (t) => {
  const { topics, producer, env } = await startTestCluster(t, 'replay-older');
  await producer.send(topics.segmentEvents.name, ['m1', 'm2', 'm3'].map(event));
  const state = {
    id: 'old',
    request: { source: 'events', toEarliest: true, connector: ['acme'] },
    startedAt: '2026-03-01T10:00:00.000Z',
    spans: [{ partition: 0, fromOffset: 0, endOffset: 3, position: 1 }],
    watchFrom: {},
    topicIds: {},
    counts: { read: 1, replayedBefore: 0, filteredOut: 0, unsendable: 0, knownToLedger: 0, sent: 1 },
  };
  const value = Buffer.from(JSON.stringify(state));
  await producer.send(topics.replays.name, [{ key: Buffer.from('old'), value, headers: {} }]);
  const run = (...args: string[]) => runAstrolabe(['replay', ...args], env);
  const rest = 'astrolabe replay events --offsets 0:1-2 --connector acme --execute';
  assert.deepEqual(
    jsonLines<Listed>(await run('list', '--json')).map(({ id, remaining }) => [id, remaining]),
    [['old', '0:1-2']],
  );
  assert.ok((await run('status', 'old')).stdout.includes(rest));
  for (const args of [
    ['events', '--id', 'old', '--execute'],
    ['resume', 'old'],
    ['cancel', 'old'],
  ]) {
    const refused = await run(...args);
    assert.deepEqual([refused.exitCode, refused.stderr.includes(rest)], [2, true], refused.stderr);
  }
  const [, , ...typed] = rest.replace('--execute', '--dry-run').split(' ');
  assert.match((await run(...typed)).stdout, /2 events read: .* 2 matched/);
});
