import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createInMemoryCluster, type InMemoryCluster } from '../testing/in-memory-cluster.ts';
import { createSteppingClock } from '../testing/stepping-clock.ts';
import { changeReplays, type ReplayChangeOptions } from './change-replays.ts';

const { signal } = new AbortController();
const record = { key: Buffer.from('["other"]'), value: Buffer.from('{}'), headers: {}, partition: 0 };
const ID = 'astrolabe.replays';

interface Turns {
  /** What was done, in order. */
  readonly steps: readonly string[];
  readonly pausesMs: readonly number[];
  change(): Promise<string>;
}

/** `interrupted`: how often another program takes the turn before this one has committed. */
async function setUp(cluster: InMemoryCluster, interrupted: number): Promise<Turns> {
  const topic = cluster.topics.replays.name;
  const steps: string[] = [];
  const pausesMs: number[] = [];
  const clock = createSteppingClock();
  let left = interrupted;
  const options: ReplayChangeOptions = {
    cluster: {
      ...cluster,
      reader: {
        ...cluster.reader,
        read: (request) => {
          steps.push(`read from ${String(request.fromOffset)}`);
          return cluster.reader.read(request);
        },
      },
      openTransactionalProducer: (id) => {
        steps.push('turn');
        return cluster.openTransactionalProducer(id);
      },
    },
    clock: { ...clock, sleep: async (ms, aborted) => (pausesMs.push(ms), clock.sleep(ms, aborted)) },
    signal,
    random: () => 0.5,
  };
  const change = (): Promise<string> =>
    changeReplays(options, async () => {
      steps.push('decide');
      if (left > 0) {
        left -= 1;
        const other = await cluster.openTransactionalProducer(ID);
        await other.commit([{ topic, records: [record] }]);
      }
      return { outcome: 'changed', records: [record] };
    });
  return { steps, pausesMs, change };
}

async function withRecords(count: number): Promise<InMemoryCluster> {
  const cluster = createInMemoryCluster();
  await cluster.log.send(cluster.topics.replays.name, Array<typeof record>(count).fill(record));
  return cluster;
}

test('what is stored is read before the turn, and in it only what has come since', async () => {
  const { change, steps } = await setUp(await withRecords(3), 1);
  assert.equal(await change(), 'changed');
  assert.deepEqual(steps, ['read from 0', 'turn', 'decide', 'read from 3', 'turn', 'decide']);
});

test('a program whose turn another takes comes back, later each time', async () => {
  const { change, pausesMs } = await setUp(await withRecords(1), 4);
  assert.equal(await change(), 'changed');
  assert.deepEqual(pausesMs, [125, 250, 500, 1_000]);
});

test('a program whose turn is always taken gives up and says so', async () => {
  const { change, steps } = await setUp(await withRecords(1), Infinity);
  await assert.rejects(change(), /^Error: other programs keep changing replays at the same time; try again$/);
  assert.equal(steps.filter((step) => step === 'decide').length, 8);
});
