/**
 * Fairness within a partition, as counts of records: what others have on it must be read past, never worked off, before
 * a quiet connector's record starts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConsumedRecord } from '@astrolabe/records';
import { consumedRecord } from '@astrolabe/records/testing';
import fc from 'fast-check';
import { createLaneProcessor } from './lane-processor.ts';
import type { LaneProcessor } from './lane-handler.ts';
import type { LaneLimits } from './lane-handler.ts';
import type { LaneTask } from './lane-task.ts';

const QUIET = 'quiet';
const FETCH_RECORDS = 6;
const PAGE_RECORDS = 5;
const ROUND_MS = 10;
const limits: LaneLimits = {
  maxRecords: 20,
  maxBytes: 4_000,
  windowRecords: 4,
  windowBytes: 1_000,
  maxHoldMs: 1_000_000,
  maxLaggingConnectors: 8,
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Committed {
  readonly nextOffset: bigint;
  readonly metadata: string;
}

/** A partition whose records start when the processor says so, and end when the test says so. */
class Partition {
  readonly log: ConsumedRecord[];
  /** Connectors of the records that were started, in order. */
  readonly started: ConsumedRecord[] = [];
  readonly faults: unknown[] = [];
  readonly processor: LaneProcessor;
  readonly blocked = new Set<string>();
  /** Whether a record ends as soon as it starts. */
  endsAtOnce = (_record: ConsumedRecord): boolean => false;
  #fetched: bigint;
  #paused = false;
  #nowMs = 0;
  readonly #running = new Set<LaneTask<undefined>>();
  readonly #abort = new AbortController();

  constructor(log: ConsumedRecord[], committed: Committed = { nextOffset: 0n, metadata: '' }) {
    this.log = log;
    this.#fetched = committed.nextOffset;
    this.processor = createLaneProcessor<undefined>({
      session: {
        topic: 't',
        partition: 0,
        epoch: 1,
        topicId: undefined,
        signal: this.#abort.signal,
        storeOffset: () => undefined,
        pause: () => {
          this.#paused = true;
        },
        resume: () => {
          this.#paused = false;
        },
        fail: (fault) => void this.faults.push(fault),
      },
      laneOf: ({ key }) => String(key),
      connectorOf,
      handler: {
        start: (task) => {
          this.started.push(task.record);
          if (this.endsAtOnce(task.record)) return task.finish();
          this.#running.add(task);
        },
        withdraw: (task) => this.#running.delete(task),
        abort: (task) => void this.#running.delete(task),
        isBlocked: (queue) => this.blocked.has(queue),
      },
      limits,
      nowMs: () => this.#nowMs,
      restore: async () => committed,
      readPage: async (_topic, _partition, from) => {
        await Promise.resolve();
        const records = this.log.slice(Number(from), Number(from) + PAGE_RECORDS);
        return { records, nextOffset: from + BigInt(records.length) };
      },
    });
  }

  /** One fetch, `finishes` ends of others' records, one review. */
  async round(finishes: number): Promise<void> {
    if (!this.#paused) {
      const records = this.log.slice(Number(this.#fetched), Number(this.#fetched) + FETCH_RECORDS);
      this.#fetched += BigInt(records.length);
      if (records.length > 0) this.processor.enqueue(records, this.#fetched);
    }
    for (const task of [...this.#running].slice(0, finishes)) {
      this.#running.delete(task);
      task.finish();
    }
    this.#nowMs += ROUND_MS;
    this.processor.review();
    await turn();
  }

  hasStarted({ offset }: ConsumedRecord): boolean {
    return this.started.some((record) => record.offset === offset);
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.processor.stop();
    assert.deepEqual(this.faults, []);
  }
}

function connectorOf({ key }: Pick<ConsumedRecord, 'key'>): string {
  return String(key).split(':', 1)[0] ?? '';
}

function logOf(records: readonly { readonly key: string; readonly bytes: number }[]): ConsumedRecord[] {
  return records.map(({ key, bytes }, index) =>
    consumedRecord({ offset: BigInt(index), key: Buffer.from(key), value: Buffer.alloc(bytes) }),
  );
}

/** A stretch of one connector's records, of one user or of many, small or large. */
const stretch = fc
  .record({
    queue: fc.constantFrom('b', 'c', 'd', 'e'),
    count: fc.integer({ min: 1, max: 120 }),
    users: fc.constantFrom(1, 3, 1_000),
    bytes: fc.constantFrom(10, 900),
  })
  .map(({ queue, count, users, bytes }) =>
    Array.from({ length: count }, (_, index) => ({ key: `${queue}:${index % users}`, bytes })),
  );
const quiet = fc.integer({ min: 1, max: 3 }).map((user) => [{ key: `${QUIET}:${user}`, bytes: 10 }]);
const traffic = fc
  .array(fc.oneof({ weight: 3, arbitrary: stretch }, { weight: 1, arbitrary: quiet }), { minLength: 2, maxLength: 8 })
  .map((parts) => [...parts.flat(), { key: `${QUIET}:last`, bytes: 10 }]);

test("a quiet connector's commands do not wait for others' floods on the same partition, whatever their order, size and number of users", async () => {
  let floods = 0;
  await fc.assert(
    fc.asyncProperty(
      traffic,
      fc.integer({ min: 0, max: 2 }),
      fc.subarray(['b', 'c']),
      async (records, finishes, blocked) => {
        const partition = new Partition(logOf(records));
        for (const queue of blocked) partition.blocked.add(queue);
        partition.endsAtOnce = (record) => connectorOf(record) === QUIET;
        await turn();
        for (let round = 1; round * FETCH_RECORDS < records.length + FETCH_RECORDS; round += 1) {
          await partition.round(finishes);
          const waiting = partition.log
            .slice(0, round * FETCH_RECORDS)
            .filter((record) => connectorOf(record) === QUIET && !partition.hasStarted(record));
          assert.deepEqual(waiting, [], `read in ${round} fetches, with ${finishes} of others' records done in each`);
          const inHand = partition.processor.recordCount();
          assert.ok(inHand <= 3 * limits.maxRecords + FETCH_RECORDS + 4 * limits.windowRecords, `${inHand} in hand`);
        }
        floods += partition.processor.cursors().size;
        await partition.close();
      },
    ),
    { numRuns: 200 },
  );
  assert.ok(floods > 100, `connectors lagged ${floods} times: the test sees what it is about`);
});

test('a connector that lags is read for in its turn, however many others have more to read and never enough', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 50, max: 150 }),
      fc.nat({ max: 20 }),
      async (floods, length, from) => {
        const names = ['b', 'c', 'd', 'e'].slice(0, floods);
        const records = Array.from({ length }, (_, index) => ({
          key: `${names[index % floods] ?? ''}:${index}`,
          bytes: 10,
        }));
        const log = logOf([...records, { key: `${QUIET}:1`, bytes: 10 }]);
        const cursors = [...names.map((name, index) => `${name}=${(index * from).toString(36)}`)];
        const metadata = [...cursors, `${QUIET}=${length.toString(36)}`].join(',');
        const partition = new Partition(log, { nextOffset: BigInt(log.length), metadata });
        partition.endsAtOnce = () => true;
        const firstOfQuiet = (): number => partition.started.findIndex((record) => connectorOf(record) === QUIET);
        for (let wait = 0; wait < 1_000 && firstOfQuiet() === -1; wait += 1) await turn();
        // A page for each of the others, at most.
        const ofOthers = firstOfQuiet();
        assert.ok(ofOthers >= 0 && ofOthers <= floods * PAGE_RECORDS, `${ofOthers} records of others came first`);
        await partition.close();
      },
    ),
    { numRuns: 100 },
  );
});
