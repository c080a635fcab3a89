import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGroupConsumer } from '@astrolabe/processing';
import { toHeaders } from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import { eventually } from '@astrolabe/testkit';
import { jsonLines, runAstrolabe } from '../testing/run-astrolabe.ts';
import { startTestCluster } from '../testing/test-cluster.ts';

interface Lag {
  readonly services: readonly {
    readonly service: string;
    readonly total: {
      readonly records: number;
      readonly behindMs: number;
      readonly isEstimate: boolean;
      readonly byConnector: Readonly<Record<string, number>>;
    };
    readonly partitions: readonly { readonly partition: number; readonly records: number }[];
  }[];
}

test('lag counts what each service has not read, by partition and by connector', async (t) => {
  const cluster = await startTestCluster(t, 'lag');
  const { topics, admin, producer, env, prefix } = cluster;
  await producer.send(
    topics.segmentEvents.name,
    Array.from({ length: 900 }, (_, index) => ({
      key: Buffer.from('k'),
      value: Buffer.from('{}'),
      headers: toHeaders({ 'connector-id': index % 3 === 0 ? 'acme' : 'other' }),
      partition: index % 2,
    })),
  );
  await admin.setOffsets(
    `${prefix}astrolabe.mapper`,
    topics.segmentEvents.name,
    new Map([
      [0, 450n],
      [1, 150n],
    ]),
  );
  const [lag] = jsonLines<Lag>(await runAstrolabe(['lag', '--json', '--by-connector', '--interval', '100ms'], env));
  const [mapper, dispatcher] = lag?.services ?? [];
  assert.deepEqual(
    [mapper?.service, mapper?.total.records, mapper?.total.isEstimate, mapper?.total.byConnector],
    ['mapper', 300, false, { acme: 100, other: 200 }],
  );
  assert.deepEqual(
    mapper?.partitions.map(({ partition, records }) => [partition, records]),
    [
      [0, 0],
      [1, 300],
      [2, 0],
      [3, 0],
      [4, 0],
      [5, 0],
    ],
  );
  assert.ok(mapper.total.behindMs > 0);
  assert.deepEqual([dispatcher?.service, dispatcher?.total.records], ['dispatcher', 0]);
  const shown = await runAstrolabe(['lag', '--interval', '100ms', '--partitions'], env);
  assert.match(shown.stdout, /mapper +all +300 .*not catching up\n/);
  assert.match(shown.stdout, /dispatcher +all +0 +- +0 +0 +caught up\n/);
});

test('lag counts the commands of a lagging connector behind its own cursor, though the offset of its partition is past them', async (t) => {
  const { topics, connection, admin, producer, env, prefix } = await startTestCluster(t, 'lag-cursor');
  const groupId = `${prefix}astrolabe.dispatcher`;
  await producer.send(
    topics.commands.name,
    Array.from({ length: 1_200 }, (_, index) => ({
      key: Buffer.from('k'),
      value: Buffer.from('{}'),
      headers: toHeaders({ 'connector-id': index % 4 === 0 ? 'acme' : 'other' }),
      partition: 1,
    })),
  );
  let fault: Error | undefined;
  const logger = createLogger({ name: 'cli-test', level: 'silent' });
  // As the dispatcher commits: everything up to 1,200 is finished but acme's from offset 800 on.
  const consumer = await startGroupConsumer({
    connection,
    groupId,
    topic: topics.commands.name,
    logger,
    onFault: (error) => {
      fault = error;
    },
    createProcessor: (session) => {
      if (session.partition === 1) {
        session.storeOffset(1_200n, `acme=${800n.toString(36)}`);
      }
      return { enqueue: () => undefined, idle: () => Promise.resolve(), stop: () => Promise.resolve() };
    },
  });
  try {
    await eventually(
      async () => {
        if (fault !== undefined) throw fault;
        return (await admin.commits(groupId, topics.commands.name)).get(1)?.nextOffset === 1_200n;
      },
      { timeoutMs: 20_000, describe: 'the commit' },
    );
    const [lag] = jsonLines<Lag>(await runAstrolabe(['lag', '--json', '--interval', '100ms'], env));
    const dispatcher = lag?.services.find(({ service }) => service === 'dispatcher');
    assert.ok(dispatcher);
    const { records, behindMs, isEstimate, byConnector } = dispatcher.total;
    assert.deepEqual([records, isEstimate, byConnector], [100, false, { acme: 100 }]);
    assert.ok(behindMs > 0);
    const shown = await runAstrolabe(['lag', '--interval', '100ms'], env);
    assert.match(shown.stdout, /dispatcher +all +100 .*not catching up\n/);
  } finally {
    await consumer.close(1_000);
    await admin.deleteGroups([groupId]);
  }
});

test('a watch prints again and again and ends in order when it is interrupted', async (t) => {
  const { env } = await startTestCluster(t, 'lag-watch');
  const interruption = new AbortController();
  let lines = 0;
  const watched = await runAstrolabe(['lag', '--watch', '--json', '--interval', '50ms'], env, {
    signal: interruption.signal,
    onStdout: () => {
      lines += 1;
      if (lines === 3) interruption.abort(new Error('interrupted'));
    },
  });
  assert.equal(watched.exitCode, 0);
  assert.equal(jsonLines<Lag>(watched).length, 3);
});
