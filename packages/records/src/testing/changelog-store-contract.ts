/**
 * What every `ChangelogStore` guarantees: the same tests, under the same titles, against the broker and the in-memory
 * fake.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPositionKey } from '../positions/state-position.ts';
import type { ConsumedRecord, OutgoingRecord } from '../record/record.ts';
import type { BatchWriter, ChangelogStore, TopicRecord, TransactionBatch } from '../ports/changelog-store.ts';

export interface ChangelogStoreUnderTest {
  readonly changelog: ChangelogStore;
  /** Topics with two partitions each, without records. */
  readonly input: string;
  readonly outputs: readonly [string, string];
  /** What readers of committed records find, in order within each partition. */
  readCommitted(topic: string): Promise<readonly ConsumedRecord[]>;
  release(): Promise<void>;
}

/** Limits that the log under test is given. */
export const CONTRACT_MAX_RECORD_BYTES = 10_000;
export const CONTRACT_MAX_REQUEST_BYTES = 20_000;

const PARTITION = 1;

export interface ChangelogStoreContractOptions {
  /** Whether a takeover fences the writer before it. */
  readonly fences: boolean;
}

export function testChangelogStore(
  create: () => Promise<ChangelogStoreUnderTest>,
  { fences }: ChangelogStoreContractOptions,
): void {
  const withLog = async (use: (under: ChangelogStoreUnderTest & Helpers) => Promise<void>): Promise<void> => {
    const under = await create();
    const opened: BatchWriter[] = [];
    try {
      await use({ ...under, ...helpersOf(under, opened) });
    } finally {
      await Promise.all(opened.map((writer) => writer.close()));
      await under.release();
    }
  };

  test('a batch is stored whole: outputs on several topics in order, and the state behind them', async () => {
    await withLog(async ({ open, outputs: [a, b], textsOf, readState }) => {
      const writer = await open();
      const batch = {
        outputs: [output(a, '1'), output(b, '2'), output(a, '3')],
        state: [state('k', 'v'), state('p', '3')],
      };
      assert.deepEqual(await writer.write(batch), { kind: 'written' });
      assert.deepEqual([await textsOf(a), await textsOf(b)], [['1', '3'], ['2']]);
      assert.deepEqual(await readState(), ['k=v', 'p=3']);
    });
  });

  test('batches become visible in the order of the calls, also where they overlap', async () => {
    await withLog(async ({ open, outputs: [a], textsOf, readState }) => {
      const writer = await open();
      const numbers = Array.from({ length: 20 }, (_, index) => String(index));
      let writing: Promise<unknown>[] = [];
      for (const number of numbers) {
        if (writing.length === writer.maxInFlight) await Promise.all(writing.splice(0));
        writing = [...writing, writer.write({ outputs: [output(a, number)], state: [state('p', number)] })];
      }
      await Promise.all(writing);
      assert.deepEqual(await textsOf(a), numbers);
      assert.deepEqual(
        await readState(),
        numbers.map((number) => `p=${number}`),
      );
    });
  });

  test('a batch larger than a request is stored whole and in order', async () => {
    await withLog(async ({ open, outputs: [a], textsOf }) => {
      const writer = await open();
      const numbers = Array.from({ length: 30 }, (_, index) => String(index));
      const outputs = numbers.map((number) => ({ ...output(a, number), headers: { filler: Buffer.alloc(5_000) } }));
      await writer.write({ outputs, state: [state('p', '1')] });
      await writer.write({ outputs: [output(a, 'next')], state: [state('p', '2')] });
      assert.deepEqual(await textsOf(a), [...numbers, 'next']);
    });
  });

  test('a record over the limit is refused for good, and nothing of its batch is visible', async () => {
    await withLog(async ({ open, outputs: [a, b], textsOf, readState }) => {
      const writer = await open();
      const outputs = [output(a, 'small'), output(a, 'x'.repeat(CONTRACT_MAX_RECORD_BYTES))];
      await assert.rejects(writer.write({ outputs, state: [state('p', '1')] }), {
        code: 'kafka.record-too-large',
        retryable: false,
      });
      await writer.close();
      const next = await open();
      await next.write({ outputs: [output(b, 'after')], state: [state('p', '2')] });
      await next.close();
      assert.deepEqual([await textsOf(a), await textsOf(b), await readState()], [[], ['after'], ['p=2']]);
    });
  });

  test('the next owner reads what the last one wrote, and only of its own partition', async () => {
    await withLog(async ({ open, readState }) => {
      const writer = await open();
      await writer.write({ outputs: [], state: [state('p', '1')] });
      await writer.close();
      const other = await open(0);
      await other.write({ outputs: [], state: [{ ...state('p', 'other'), partition: 0 }] });
      assert.deepEqual(await readState(), ['p=1']);
    });
  });

  test('a group that has committed nothing has no offset, and an empty topic ends at 0', async () => {
    await withLog(async ({ changelog, input }) => {
      assert.equal(await changelog.committedOffset({ topic: input, partition: PARTITION }), undefined);
      const { lowWatermark, highWatermark } = await changelog.inputOffsets({ topic: input, partition: PARTITION });
      assert.deepEqual([lowWatermark, highWatermark], [0n, 0n]);
    });
  });

  test('who is told to stop takes nothing over', async () => {
    await withLog(async ({ changelog, input }) => {
      const reason = new Error('the session is over');
      const signal = AbortSignal.abort(reason);
      const taking = changelog.takeOver({ topic: input, partition: PARTITION }, () => undefined, signal);
      await assert.rejects(taking, reason);
    });
  });

  if (!fences) return;

  test('a takeover fences the writer before it: of what that one writes nothing is visible, and it is told', async () => {
    await withLog(async ({ open, outputs: [a], textsOf, readState }) => {
      const zombie = await open();
      await zombie.write({ outputs: [output(a, '1')], state: [state('p', '1')] });
      const owner = await open();
      assert.deepEqual(await zombie.write({ outputs: [output(a, 'zombie')], state: [state('p', 'zombie')] }), {
        kind: 'fenced',
      });
      await owner.write({ outputs: [output(a, '2')], state: [state('p', '2')] });
      assert.deepEqual(await zombie.write(unitOf('again')), { kind: 'fenced' });
      assert.deepEqual(
        [await textsOf(a), await readState()],
        [
          ['1', '2'],
          ['p=1', 'p=2'],
        ],
      );
    });
  });

  test('a partition is taken over without harm to the writers of other partitions', async () => {
    await withLog(async ({ open, readState }) => {
      const other = await open(0);
      await other.write({ outputs: [], state: [{ ...state('p', '1'), partition: 0 }] });
      await (await open()).close();
      const outcome = await other.write({ outputs: [], state: [{ ...state('p', '2'), partition: 0 }] });
      assert.deepEqual([outcome, await readState(0)], [{ kind: 'written' }, ['p=1', 'p=2']]);
    });
  });
}

interface Helpers {
  open(partition?: number): Promise<BatchWriter>;
  textsOf(topic: string): Promise<string[]>;
  readState(partition?: number): Promise<string[]>;
}

function helpersOf({ changelog, input, readCommitted }: ChangelogStoreUnderTest, opened: BatchWriter[]): Helpers {
  const signal = new AbortController().signal;
  const open = async (partition = PARTITION): Promise<BatchWriter> => {
    const taken = await changelog.takeOver({ topic: input, partition }, () => undefined, signal);
    assert.ok(taken.kind === 'owned');
    opened.push(taken.writer);
    return taken.writer;
  };
  return {
    open,
    // Both as the next owner does it: what is visible is final then.
    textsOf: async (topic) => {
      await open();
      return (await readCommitted(topic)).map(({ value }) => String(value));
    },
    readState: async (partition = PARTITION) => {
      const taken: string[] = [];
      const owned = await changelog.takeOver({ topic: input, partition }, collectIn(taken), signal);
      assert.ok(owned.kind === 'owned');
      opened.push(owned.writer);
      const again: string[] = [];
      await changelog.readState(partition, collectIn(again), signal);
      assert.deepEqual(again, taken, 'what a takeover gives is what is there');
      return taken;
    },
  };
}

/** What the state holds, without claims, which each store keeps in its own way. */
function collectIn(entries: string[]): (records: readonly ConsumedRecord[]) => void {
  return (records) => {
    const states = records.filter(({ key }) => !isPositionKey(String(key)));
    entries.push(...states.map(({ key, value }) => `${key}=${value}`));
  };
}

function output(topic: string, text: string): TopicRecord {
  return { topic, key: Buffer.from('k'), value: Buffer.from(text), headers: {}, partition: PARTITION };
}

function state(key: string, text: string): OutgoingRecord {
  return { key: Buffer.from(key), value: Buffer.from(text), headers: {}, partition: PARTITION };
}

function unitOf(text: string): TransactionBatch {
  return { outputs: [], state: [state('p', text)] };
}
