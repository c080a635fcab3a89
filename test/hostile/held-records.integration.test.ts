/**
 * A foreign producer that leaves its transaction open on the events topic: who looks for what waits behind it is told.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPartitionReader } from '@astrolabe/kafka';
import { watchOffsets } from '@astrolabe/processing';
import { toHeaders } from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import { eventually } from '@astrolabe/testkit';
import { jsonLines, runAstrolabe } from '../../cli/src/testing/run-astrolabe.ts';
import { startTestCluster } from '../../cli/src/testing/test-cluster.ts';
import { clientOf } from '../../packages/kafka/src/connection.ts';

interface Lag {
  readonly services: readonly {
    readonly service: string;
    readonly total: { readonly records: number };
    readonly held: readonly { readonly partition: number; readonly fromOffset: number; readonly producerId: number }[];
  }[];
}

test('records that an open transaction holds are counted, and its producer is named', async (t) => {
  const cluster = await startTestCluster(t, 'held');
  const { topics, connection, admin, producer, env, prefix } = cluster;
  const topic = topics.segmentEvents.name;
  const event = (messageId: string) => ({
    key: Buffer.from('["acme","user","u1"]'),
    value: Buffer.from(JSON.stringify({ type: 'identify', userId: 'u1', messageId })),
    headers: toHeaders({ 'connector-id': 'acme', 'message-id': messageId }),
    partition: 2,
  });
  await producer.send(topic, [event('m1'), event('m2')]);
  await admin.setOffsets(`${prefix}astrolabe.mapper`, topic, new Map([[2, 2n]]));
  const foreign = clientOf(connection).producer({
    transactionalId: `${prefix}billing`,
    idempotent: true,
    // Longer than the commands below take on any machine: after the usual minute the broker would abort it.
    transactionTimeout: 600_000,
  });
  await foreign.connect();
  t.after(() => foreign.disconnect());
  const transaction = await foreign.transaction();
  await transaction.send({ topic, messages: [{ value: 'foreign', partition: 2 }] });
  await producer.send(topic, [event('m3'), event('m4')]);

  const shown = await runAstrolabe(['lag', '--interval', '100ms'], env);
  const hold = `${topic}\\[2\\] is held by a transaction since offset 2 \\(producer \\d+, transactional id ${prefix}billing\\)`;
  assert.match(shown.stdout, new RegExp(`mapper: ${hold}`));
  assert.match(shown.stdout, /mapper +all +~3 /);
  const [lag] = jsonLines<Lag>(await runAstrolabe(['lag', '--json', '--interval', '100ms'], env));
  const mapper = lag?.services.find(({ service }) => service === 'mapper');
  assert.deepEqual([mapper?.total.records, mapper?.held[0]?.partition, mapper?.held[0]?.fromOffset], [3, 2, 2]);
  assert.match((await runAstrolabe(['doctor'], env)).stdout, new RegExp(`FAIL {2}mapper: ${hold}`));
  const traced = await runAstrolabe(['trace', '--as', 'message', 'm4'], env);
  assert.match(traced.stderr, new RegExp(hold));

  // What the services' metric and log line come from.
  const lines: { msg: string; remedy?: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) };
  const reader = createPartitionReader({ connection });
  const watch = watchOffsets({
    connection,
    reader,
    topic,
    workPositions: () => new Map([1, 2].map((partition) => [partition, undefined])),
    logger: createLogger({ name: 'test', level: 'info', destination }),
    intervalMs: 20,
  });
  const heldIn = (partition: number, offsets: number) =>
    eventually(() => watch.held().get(partition) === offsets, {
      timeoutMs: 20_000,
      describe: `${offsets} offsets held`,
    });
  try {
    await heldIn(2, 3);
    assert.equal(watch.held().get(1), 0);
    // The count comes before the line: brokers that are asked whose it is after its end do not know the producer.
    await eventually(() => lines.length === 1, { timeoutMs: 20_000, describe: 'the line of the held partition' });
    await transaction.abort();
    await heldIn(2, 0);
    await eventually(() => lines.length === 2, { timeoutMs: 20_000, describe: 'the line of its end' });
  } finally {
    await watch.close();
    await reader.close();
  }
  assert.equal(lines.length, 2, JSON.stringify(lines));
  assert.match(lines[0]?.msg ?? '', new RegExp(hold));
  assert.match(lines[0]?.remedy ?? '', /abort --topic .* --partition 2 --start-offset 2$/);
  assert.match((await runAstrolabe(['doctor'], env)).stdout, /ok {4}mapper: can continue from its position/);
  const after = await runAstrolabe(['lag', '--interval', '100ms'], env);
  assert.doesNotMatch(after.stdout, /held/);
});
