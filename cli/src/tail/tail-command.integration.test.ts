import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeChunk } from '@astrolabe/ledger';
import { toHeaders } from '@astrolabe/records';
import { jsonLines, runAstrolabe } from '../testing/run-astrolabe.ts';
import { startTestCluster, type TestCluster } from '../testing/test-cluster.ts';

const record = (index: number) => ({
  key: Buffer.from(`["acme","user","u${index % 3}"]`),
  value: Buffer.from(
    JSON.stringify({ type: index % 2 === 0 ? 'track' : 'identify', event: 'E', userId: `u${index % 3}` }),
  ),
  headers: toHeaders({ 'connector-id': 'acme', 'message-id': `m${index}` }),
});

async function write({ producer, topics }: TestCluster, from: number, to: number): Promise<void> {
  const indexes = Array.from({ length: to - from }, (_, index) => from + index);
  await producer.send(topics.segmentEvents.name, indexes.map(record));
}

test('tail starts where asked, filters, and stops after the requested number', async (t) => {
  const cluster = await startTestCluster(t, 'tail');
  await write(cluster, 0, 30);
  const args = ['tail', 'events', '--to-earliest', '--user', 'u1', '--type', 'track', '--max-messages', '5', '--json'];
  const tailed = await runAstrolabe(args, cluster.env);
  assert.equal(tailed.exitCode, 0, tailed.stderr);
  assert.deepEqual(
    jsonLines<{ messageId: string }>(tailed).map(({ messageId }) => messageId),
    ['m4', 'm10', 'm16', 'm22', 'm28'],
  );
  const line = await runAstrolabe(
    ['tail', 'events', '--to-earliest', '--user', 'u2', '--max-messages', '1'],
    cluster.env,
  );
  assert.match(line.stdout, /^\d{4}-\S+Z \S+segment\.events\.v1 \d:\d acme track "E" user u2 message m2\n$/);
});

test('tail shows what comes after it began, and nothing before', async (t) => {
  const cluster = await startTestCluster(t, 'tail-live');
  await write(cluster, 0, 10);
  const interruption = new AbortController();
  const tailing = runAstrolabe(['tail', 'events', '--json', '--max-messages', '3'], cluster.env, {
    signal: interruption.signal,
  });
  // Whether it reads yet cannot be seen, so events keep coming.
  let next = 100;
  const over = new AbortController();
  void tailing.then(() => over.abort());
  while (!over.signal.aborted && next < 10_000) {
    await write(cluster, next, next + 3);
    next += 3;
  }
  const ids = jsonLines<{ messageId: string }>(await tailing).map(({ messageId }) => Number(messageId.slice(1)));
  assert.equal(ids.length, 3);
  assert.ok(ids.every((id) => id >= 100));
});

test('tail deliveries shows the entries of the ledger, by connector and outcome', async (t) => {
  const { env, producer, topics } = await startTestCluster(t, 'tail-deliveries');
  const chunk = encodeChunk(
    (['delivered', 'duplicate', 'dead-lettered'] as const).flatMap((outcome, index) =>
      ['acme', 'beta'].map((connectorId) => ({
        commandId: `${index}`.repeat(32),
        connectorId,
        outcome,
        status: 200 + index,
        offset: BigInt(index),
        atMs: 1_780_000_000_000,
      })),
    ),
  );
  await producer.send(topics.deliveries.name, [{ key: null, value: chunk, headers: {}, partition: 2 }]);
  const args = ['tail', 'deliveries', '--to-earliest', '--connector', 'acme'];
  const all = await runAstrolabe([...args, '--max-messages', '3', '--json'], env);
  assert.deepEqual(
    jsonLines<{ outcome: string; connectorId: string }>(all).map(({ connectorId, outcome }) => [connectorId, outcome]),
    [
      ['acme', 'delivered'],
      ['acme', 'duplicate'],
      ['acme', 'dead-lettered'],
    ],
  );
  const one = await runAstrolabe([...args, '--outcome', 'dead-lettered', '--max-messages', '1'], env);
  assert.match(one.stdout, /Z \S+deliveries\.v1 2:2 acme dead-lettered 202 command 2{32}\n$/);
  const first = await runAstrolabe([...args, '--max-messages', '2', '--json'], env);
  assert.deepEqual(
    jsonLines<{ outcome: string }>(first).map(({ outcome }) => outcome),
    ['delivered', 'duplicate'],
    'it ends within a chunk',
  );
  assert.equal((await runAstrolabe([...args, '--user', 'u1'], env)).exitCode, 2);
  assert.equal((await runAstrolabe(['tail', 'events', '--outcome', 'delivered'], env)).exitCode, 2);
});
