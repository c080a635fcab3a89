/** Replays over records and ranges that are not as they should be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders } from '@astrolabe/records';
import { jsonLines, runAstrolabe } from '../../cli/src/testing/run-astrolabe.ts';
import { startTestCluster } from '../../cli/src/testing/test-cluster.ts';
import { clientOf } from '../../packages/kafka/src/connection.ts';
import { bombBytes, produceBomb, produceGzipped } from '../../packages/kafka/src/testing/compression-bomb.ts';

interface Forecast {
  readonly read: number;
  readonly unreadable: number;
  readonly wouldBeSent: number;
}

const event = (messageId: string) => ({
  key: Buffer.from('["acme","user","u1"]'),
  value: Buffer.from(JSON.stringify({ type: 'identify', userId: 'u1', messageId })),
  headers: toHeaders({ 'connector-id': 'acme', 'message-id': messageId }),
  partition: 0,
});

test('records that cannot be read are named, counted and skipped, and large ones are not', async (t) => {
  const { topics, connection, producer, env } = await startTestCluster(t, 'replay-passes');
  const topic = topics.segmentEvents.name;
  await producer.send(topic, [event('m1')]);
  await produceBomb(connection, topic, 0, 'gzip', bombBytes.gzip);
  // Small on the wire, and larger than the topic takes once it is inflated: nothing is sent to the topic again.
  await produceGzipped(connection, topic, { ...event('large'), value: Buffer.alloc(2_000_000) });
  await producer.send(topic, [event('m2')]);
  const ran = await runAstrolabe(['replay', 'events', '--all', '--dry-run', '--json'], env);
  assert.equal(ran.exitCode, 0, ran.stderr);
  const [forecast] = jsonLines<Forecast>(ran);
  assert.deepEqual([forecast?.read, forecast?.unreadable, forecast?.wouldBeSent], [4, 1, 3]);
  assert.match(ran.stderr, /\[0\]@1 to 1 are skipped: .*inflate/);
});

test('a record dated 1970, and times before that, do not end a replay', async (t) => {
  const { topics, connection, admin, env } = await startTestCluster(t, 'replay-dates');
  const client = clientOf(connection).producer();
  await client.connect();
  const { key, value, headers } = event('m1');
  const message = { key, value, headers, partition: 0, timestamp: '1' };
  await client.send({ topic: topics.segmentEvents.name, messages: [message] });
  await client.disconnect();
  const replayed = await runAstrolabe(['replay', 'events', '--all', '--dry-run', '--json'], env);
  assert.equal(replayed.exitCode, 0, replayed.stderr);
  // Times below 0 have other meanings in the request: -1 is the end.
  for (const timestampMs of [-0.5, -1, -2, -3, -1e15, 0.5]) {
    assert.equal((await admin.offsetsAt(topics.segmentEvents.name, timestampMs)).get(0), 0n, String(timestampMs));
  }
});

test('offsets that are gone, and partitions that do not exist, are reported', async (t) => {
  const { topics, connection, producer, env } = await startTestCluster(t, 'replay-gone');
  const topic = topics.segmentEvents.name;
  await producer.send(topic, ['m1', 'm2', 'm3'].map(event));
  const admin = clientOf(connection).admin();
  await admin.connect();
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
  await admin.disconnect();
  const dryRun = (...range: string[]) => runAstrolabe(['replay', 'events', ...range, '--dry-run'], env);
  const gone = await dryRun('--offsets', '0:0-1');
  assert.equal(gone.exitCode, 1);
  assert.match(gone.stderr, /\[0\]: offsets 0 to 1 are gone; the partition has 2 to 2\./);
  assert.match(gone.stderr, /has no records in this range; nothing was started/);
  const partly = await dryRun('--offsets', '0:1-2');
  assert.equal(partly.exitCode, 1);
  assert.match(partly.stdout, /0 filtered out, 1 matched/);
  const early = await dryRun('--to-datetime', '2020-01-01T00:00:00Z');
  assert.equal(early.exitCode, 0);
  assert.match(early.stderr, /partitions 0: retention has removed 2 older offsets/);
  const unknown = await dryRun('--offsets', '99:0-');
  assert.equal(unknown.exitCode, 2);
  assert.match(unknown.stderr, /has no partition 99; it has partitions 0 to 5/);
});
