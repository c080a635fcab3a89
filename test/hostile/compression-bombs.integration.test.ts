/**
 * Batches that are small on the broker and inflate to hundreds of megabytes in a consumer, and how an operator gets
 * past them.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { headerNames, toHeaders, type OutgoingRecord } from '@astrolabe/records';
import { eventually } from '@astrolabe/testkit';
import { bombBytes, produceBomb, produceHeaders } from '../../packages/kafka/src/testing/compression-bomb.ts';
import { startHostilePipeline, type HostilePipeline } from './hostile-pipeline.ts';
import { encodeUpsert } from './record-cases.ts';
import { newKey } from './secrets.ts';

const connector = { id: 'bombed', apiKey: newKey() };
const PARTITION = 0;
const MANY_HEADERS = 1_000_000;
/** An inflated batch is 16 MiB at most, and its services fetch and write beside it. */
const MAX_GROWTH_BYTES = 150_000_000;

let pipeline: HostilePipeline;

before(
  async () => {
    pipeline = await startHostilePipeline([connector]);
  },
  { timeout: 300_000 },
);
after(() => pipeline.close());

function eventOf(userId: string): OutgoingRecord {
  return {
    key: Buffer.from(JSON.stringify([connector.id, 'user', userId])),
    value: Buffer.from(JSON.stringify({ type: 'identify', messageId: userId, userId, traits: {} })),
    headers: toHeaders({
      [headerNames.connectorId]: connector.id,
      [headerNames.messageId]: userId,
      [headerNames.receivedAt]: '2026-03-01T10:00:00.000Z',
    }),
    partition: PARTITION,
  };
}

function commandOf(userId: string, number: number): OutgoingRecord {
  return {
    key: Buffer.from(JSON.stringify([connector.id, 'user', userId])),
    value: encodeUpsert(pipeline.encoder, connector.id, number, undefined, userId),
    headers: toHeaders({ [headerNames.connectorId]: connector.id, [headerNames.messageId]: userId }),
    partition: PARTITION,
  };
}

async function untilApplied(userId: string): Promise<void> {
  const isApplied = () =>
    pipeline.api.calls.all().some(({ path, applied }) => path.endsWith(`/${userId}`) && applied > 0);
  await eventually(isApplied, { timeoutMs: 30_000, describe: `${userId} to reach the API` });
}

for (const [service, role, codecs] of [
  ['mapper', 'segmentEvents', ['gzip', 'snappy', 'headers']],
  ['dispatcher', 'commands', ['lz4', 'zstd', 'headers']],
] as const) {
  const recordOf = (userId: string, number: number) =>
    service === 'mapper' ? eventOf(userId) : commandOf(userId, number);

  test(`a batch that inflates to hundreds of megabytes, or to a million headers, stops the ${service} with its code and within bounds, and from behind it all goes on`, async (t) => {
    for (const [index, codec] of codecs.entries()) {
      const [ahead, behind] = [`${service}-${codec}-ahead`, `${service}-${codec}-behind`];
      await pipeline.produce(role, [recordOf(ahead, index * 2 + 1)]);
      await untilApplied(ahead);
      const ended = pipeline.untilEnded(service);
      const { connection, topics } = pipeline;
      const place = [connection, topics[role].name, PARTITION] as const;
      if (codec === 'headers') await produceHeaders(...place, 'zstd', MANY_HEADERS);
      else await produceBomb(...place, codec, bombBytes[codec]);
      await pipeline.produce(role, [recordOf(behind, index * 2 + 2)]);
      const { exit, grewBytes } = await ended;
      t.diagnostic(`${codec}: the ${service} grew by ${Math.round(grewBytes / 1e6)} MB`);
      assert.equal(exit.code, 1);
      assert.ok(grewBytes < MAX_GROWTH_BYTES, `it grew by ${grewBytes} bytes`);
      const said = pipeline.services[service].logs().join('\n');
      assert.ok(said.includes('kafka.batch-unreadable'), said.slice(-4_000));
      const [, last] = /\[0\] with offsets \d+ to (\d+) /.exec(said) ?? [];
      assert.ok(last !== undefined, said.slice(-4_000));
      const deadLetters = await pipeline.read(
        service === 'mapper' ? 'segmentEventsDeadLetters' : 'commandsDeadLetters',
      );
      assert.deepEqual(deadLetters, [], 'an unreadable batch is not dead-lettered');

      await pipeline.setOffset(role, PARTITION, BigInt(last) + 1n);
      await pipeline.restart(service);
      await untilApplied(behind);
    }
  });
}
