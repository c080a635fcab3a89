import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeChunk } from '@astrolabe/ledger';
import { toHeaders } from '@astrolabe/records';
import { createInMemoryCluster, type InMemoryCluster } from '../testing/in-memory-cluster.ts';
import { createSteppingClock } from '../testing/stepping-clock.ts';
import { tailRecords, type TailOptions } from './tail-records.ts';

function options(cluster: InMemoryCluster, over: Partial<TailOptions>): TailOptions {
  return {
    cluster,
    what: 'events',
    range: {},
    filter: {},
    decoder: undefined,
    nowMs: 0,
    signal: new AbortController().signal,
    onItem: () => undefined,
    ...over,
  };
}

const event = (userId: string) => ({
  key: Buffer.from(`["acme","user","${userId}"]`),
  value: Buffer.from(JSON.stringify({ type: 'track', event: 'E', userId })),
  headers: toHeaders({ 'connector-id': 'acme' }),
  partition: 0,
});

test('a tail without a start shows only what comes after it began, until it is stopped', async () => {
  const cluster = createInMemoryCluster();
  const events = cluster.topics.segmentEvents.name;
  await cluster.log.send(events, [event('before')]);
  const stop = new AbortController();
  const users: (string | undefined)[] = [];
  const tailing = tailRecords(
    options(cluster, {
      signal: stop.signal,
      onItem: (item) => {
        if (item.kind === 'record') users.push(item.record.userId);
        if (users.length === 2) stop.abort();
      },
    }),
  );
  // Whether it reads yet cannot be seen, so events keep coming.
  while (!stop.signal.aborted) {
    await cluster.log.send(events, [event('after')]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await tailing, { kind: 'stopped' });
  assert.deepEqual(users, ['after', 'after']);
});

test('a range is shown through the filter, and the tail ends with it', async () => {
  const cluster = createInMemoryCluster();
  await cluster.log.send(cluster.topics.segmentEvents.name, ['u1', 'u2', 'u1', 'u1'].map(event));
  const offsets: bigint[] = [];
  const range = { offsets: [{ partition: 0, firstOffset: 1n, lastOffset: 2n }] };
  const ended = await tailRecords(
    options(cluster, {
      range,
      filter: { user: 'u1' },
      onItem: (item) => {
        if (item.kind === 'record') offsets.push(item.record.offset);
      },
    }),
  );
  assert.deepEqual([ended, offsets], [{ kind: 'ended' }, [2n]]);
  const unknown = await tailRecords(options(cluster, { range: { offsets: [{ ...range.offsets[0]!, partition: 9 }] } }));
  assert.equal(unknown.kind, 'unknown-partition');
});

test('deliveries are shown one by one, by connector and outcome', async () => {
  const cluster = createInMemoryCluster();
  const chunk = encodeChunk(
    (['delivered', 'duplicate'] as const).flatMap((outcome, index) =>
      ['acme', 'beta'].map((connectorId) => {
        const commandId = `${index}`.repeat(32);
        return { commandId, connectorId, outcome, status: 200, offset: BigInt(index), atMs: 1_780_000_000_000 };
      }),
    ),
  );
  await cluster.log.send(cluster.topics.deliveries.name, [{ key: null, value: chunk, headers: {}, partition: 2 }]);
  const shown: string[] = [];
  await tailRecords(
    options(cluster, {
      what: 'deliveries',
      range: { untilDatetime: 1 },
      filter: { connector: 'acme' },
      outcome: 'duplicate',
      onItem: (item) => {
        if (item.kind === 'delivery') shown.push(`${item.delivery.connectorId} ${item.delivery.outcome}`);
      },
    }),
  );
  assert.deepEqual(shown, ['acme duplicate']);
});

test('a tail with a pace reads no more than that, and goes on at the end once it is two seconds behind', async () => {
  const cluster = createInMemoryCluster({ partitions: 1 });
  const events = cluster.topics.segmentEvents.name;
  const send = (count: number) =>
    cluster.log.send(
      events,
      Array.from({ length: count }, () => event('u1')),
    );
  const stop = new AbortController();
  const offsets: bigint[] = [];
  const notRead: number[] = [];
  // While the tail waits for its next second, more comes than it may read.
  const clock = createSteppingClock(async () => {
    await send(1_000);
  });
  const ended = await tailRecords(
    options(cluster, {
      signal: stop.signal,
      pace: {
        recordsPerSecond: 100,
        restMs: 0,
        clock,
        onNotRead: (count) => {
          notRead.push(count);
          void send(5);
        },
      },
      onStart: () => void send(150),
      onItem: (item) => {
        if (item.kind === 'record') offsets.push(item.record.offset);
        if (offsets.length === 155) stop.abort();
      },
    }),
  );
  assert.deepEqual([ended, notRead], [{ kind: 'stopped' }, [1_000]]);
  const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => BigInt(first + index));
  assert.deepEqual(offsets, [...from(0, 150), ...from(1_150, 5)]);
});

test('a tail with a pace rests between two fetches, and what came meanwhile comes with the next one', async () => {
  const cluster = createInMemoryCluster({ partitions: 1 });
  const send = (...userIds: string[]) => cluster.log.send(cluster.topics.segmentEvents.name, userIds.map(event));
  const stop = new AbortController();
  const seen: (string | undefined)[] = [];
  const clock = createSteppingClock(async () => {
    seen.push('rest');
    await send('u2');
    await send('u3');
  });
  await tailRecords(
    options(cluster, {
      signal: stop.signal,
      pace: { recordsPerSecond: 1_000, restMs: 200, clock, onNotRead: () => assert.fail('all of it is read') },
      onStart: () => void send('u1'),
      onItem: (item) => {
        if (item.kind === 'record') seen.push(item.record.userId);
        if (seen.length === 7) stop.abort();
      },
    }),
  );
  assert.deepEqual(seen, ['u1', 'rest', 'u2', 'u3', 'rest', 'u2', 'u3']);
});
