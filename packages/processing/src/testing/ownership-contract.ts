/**
 * What every changelog guarantees whose partitions are owned by processes: the same tests, under the same titles, on
 * brokers and on their model.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BatchWriter, ChangelogStore, ConsumedRecord, Takeover, TransactionBatch } from '@astrolabe/records';
import { isReservedKey } from '../state/state-clock.ts';

/** As much of a process as owns partitions. */
export type OwningProcess = Pick<ChangelogStore, 'takeOver' | 'close'>;

export interface StartedAs {
  readonly instance: string;
  readonly graceMs: number;
  /** Whether its first takeovers are prepared when it has started. */
  readonly isPrepared?: boolean;
}

export interface OwnershipUnderTest {
  /** Of two partitions. */
  readonly input: string;
  readonly output: string;
  /** Default: a name of its own, hardly any grace for its predecessors, and nothing prepared. */
  start(named?: StartedAs): Promise<OwningProcess>;
  /** What readers of committed records find. */
  readOutput(): Promise<readonly ConsumedRecord[]>;
  release(): Promise<void>;
}

export function testOwnership(create: () => Promise<OwnershipUnderTest>): void {
  const withProcesses = async (use: (under: Helpers, a: OwningProcess, b: OwningProcess) => Promise<void>) => {
    const under = await create();
    const processes = await Promise.all([under.start(), under.start()]);
    try {
      await use(helpersOf(under), ...processes);
    } finally {
      await Promise.all(processes.map((process) => process.close()));
      await under.release();
    }
  };

  test('a zombie that wakes after its successor took over commits nothing', async () => {
    await withProcesses(async ({ own, takeOver, batch, outputs }, zombie, successor) => {
      const ofZombie = await own(zombie, 0);
      assert.deepEqual(await ofZombie.write(batch(0, '1')), { kind: 'written' });
      const ofSuccessor = await own(successor, 0);
      const late = await Promise.all([ofZombie.write(batch(0, 'late')), ofZombie.write(batch(0, 'later'))]);
      assert.deepEqual(late, [{ kind: 'fenced' }, { kind: 'fenced' }]);
      assert.deepEqual(await ofSuccessor.write(batch(0, '2')), { kind: 'written' });
      await ofZombie.close();
      const seen: string[] = [];
      assert.equal((await takeOver(zombie, 0, seen)).kind, 'superseded');
      assert.deepEqual(await ofSuccessor.write(batch(0, '3')), { kind: 'written' });
      assert.deepEqual(await outputs(), ['1', '2', '3']);
    });
  });

  test('who was superseded takes the partition back if it is told to again, with all that was written meanwhile', async () => {
    await withProcesses(async ({ own, takeOver, batch, outputs }, a, b) => {
      await (await own(a, 0)).write(batch(0, '1'));
      const ofB = await own(b, 0);
      await ofB.write(batch(0, '2'));
      assert.equal((await takeOver(a, 0)).kind, 'superseded');
      const seen: string[] = [];
      const again = await takeOver(a, 0, seen);
      assert.ok(again.kind === 'owned');
      assert.deepEqual(seen, ['1', '2']);
      assert.deepEqual(await ofB.write(batch(0, 'late')), { kind: 'fenced' });
      assert.deepEqual(await again.writer.write(batch(0, '3')), { kind: 'written' });
      assert.deepEqual(await outputs(), ['1', '2', '3']);
    });
  });

  test('a partition that was released is taken over without harm to the other partitions of its last owner', async () => {
    await withProcesses(async ({ own, batch, outputs }, leaver, successor) => {
      const [kept, released] = [await own(leaver, 0), await own(leaver, 1)];
      await Promise.all([kept.write(batch(0, '1')), released.write(batch(1, '2'))]);
      await released.close();
      const taken = await own(successor, 1);
      assert.deepEqual(await taken.write(batch(1, '3')), { kind: 'written' });
      assert.deepEqual(await kept.write(batch(0, '4')), { kind: 'written' });
      assert.deepEqual((await outputs()).toSorted(), ['1', '2', '3', '4']);
    });
  });

  test('a process that was fenced for one partition takes its others over again at once', async () => {
    await withProcesses(async ({ own, takeOver, batch, outputs }, fenced, successor) => {
      const [kept, lost] = [await own(fenced, 0), await own(fenced, 1)];
      await kept.write(batch(0, '1'));
      await own(successor, 1);
      assert.deepEqual(await lost.write(batch(1, 'late')), { kind: 'fenced' });
      await kept.spent;
      assert.deepEqual(await kept.write(batch(0, 'late')), { kind: 'fenced' });
      const again = await own(fenced, 0);
      assert.deepEqual(await again.write(batch(0, '2')), { kind: 'written' });
      assert.equal((await takeOver(fenced, 1)).kind, 'superseded');
      assert.deepEqual(await outputs(), ['1', '2']);
    });
  });

  test('of processes that take a partition over at once, at most one can write to it when all have ended', async () => {
    await withProcesses(async ({ takeOver, batch, outputs }, a, b) => {
      const taken = await Promise.all([takeOver(a, 0), takeOver(b, 0)]);
      const writers = taken.flatMap((each) => (each.kind === 'owned' ? [each.writer] : []));
      const outcomes = await Promise.all(writers.map((writer, index) => writer.write(batch(0, String(index)))));
      const written = outcomes.flatMap(({ kind }, index) => (kind === 'written' ? [String(index)] : []));
      assert.ok(written.length <= 1);
      assert.deepEqual(await outputs(), written);
    });
  });

  test('who follows a dead owner under its name need not wait for it', async () => {
    const under = await create();
    const { own, batch, outputs } = helpersOf(under);
    const dead = await under.start({ instance: 'pod-1', graceMs: 3_600_000 });
    const ofDead = await own(dead, 0);
    await ofDead.write(batch(0, '1'));
    const successor = await under.start({ instance: 'pod-1', graceMs: 3_600_000 });
    const taken = await own(successor, 0);
    assert.deepEqual(await ofDead.write(batch(0, 'late')), { kind: 'fenced' });
    assert.deepEqual(await taken.write(batch(0, '2')), { kind: 'written' });
    assert.deepEqual(await outputs(), ['1', '2']);
    await Promise.all([dead.close(), successor.close()]);
    await under.release();
  });

  test('who has prepared its first takeovers has ended the one that had its name, and reads all that this one wrote', async () => {
    const under = await create();
    const { takeOver, own, batch, outputs } = helpersOf(under);
    const dead = await under.start({ instance: 'pod-1', graceMs: 3_600_000 });
    const ofDead = await own(dead, 0);
    await ofDead.write(batch(0, '1'));
    const successor = await under.start({ instance: 'pod-1', graceMs: 3_600_000, isPrepared: true });
    assert.deepEqual(await ofDead.write(batch(0, 'late')), { kind: 'fenced' });
    const seen: string[] = [];
    const taken = await takeOver(successor, 0, seen);
    assert.ok(taken.kind === 'owned');
    assert.deepEqual(seen, ['1']);
    assert.deepEqual(await taken.writer.write(batch(0, '2')), { kind: 'written' });
    assert.deepEqual(await outputs(), ['1', '2']);
    await Promise.all([dead.close(), successor.close()]);
    await under.release();
  });
}

interface Helpers {
  takeOver(process: OwningProcess, partition: number, seen?: string[]): Promise<Takeover>;
  own(process: OwningProcess, partition: number): Promise<BatchWriter>;
  batch(partition: number, text: string): TransactionBatch;
  /** In order within each partition. */
  outputs(): Promise<string[]>;
}

function helpersOf({ input, output, readOutput }: OwnershipUnderTest): Helpers {
  const { signal } = new AbortController();
  const takeOver: Helpers['takeOver'] = (process, partition, seen = []) => {
    const onRecords = (records: readonly ConsumedRecord[]): void => {
      const states = records.filter(({ key }) => !isReservedKey(String(key)));
      seen.push(...states.map(({ value }) => String(value)));
    };
    return process.takeOver({ topic: input, partition }, onRecords, signal);
  };
  return {
    takeOver,
    own: async (process, partition) => {
      const taken = await takeOver(process, partition);
      assert.ok(taken.kind === 'owned');
      return taken.writer;
    },
    batch: (partition, text) => {
      const record = { key: Buffer.from(text), value: Buffer.from(text), headers: {}, partition };
      return { outputs: [{ ...record, topic: output }], state: [record] };
    },
    outputs: async () => (await readOutput()).map(({ value }) => String(value)),
  };
}
