/**
 * What every `LedgerChangelog` guarantees: the same tests, under the same titles, against the broker and the in-memory
 * fake.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ChangelogChunk, ChangelogRange, LedgerChangelog } from '../changelog/ledger-changelog.ts';
import { commandIdOf, delivery } from './deliveries.ts';
import { PARTITION, createTestClock, openLedger, temporaryDirectory } from './open-ledger.ts';

/** `create` makes a changelog of a topic without records, with more partitions than `PARTITION`. */
export function testLedgerChangelog(create: (t: TestContext) => Promise<LedgerChangelog>): void {
  test('chunks are read back in order, from any offset, up to the end or before a given offset', async (t) => {
    const changelog = await create(t);
    const chunks = Array.from({ length: 40 }, (_, index) => Buffer.from(`chunk ${index}`));
    const offsets: bigint[] = [];
    for (const chunk of chunks) offsets.push(await changelog.append(PARTITION, chunk));
    await changelog.append(PARTITION - 1, Buffer.from('of another partition'));
    const stored = chunks.map((bytes, index) => ({ offset: BigInt(index), bytes }));
    assert.deepEqual(
      offsets,
      stored.map(({ offset }) => offset),
    );
    assert.deepEqual(await readAll(changelog, { fromOffset: 0n }), { chunks: stored, nextOffset: 40n });
    assert.deepEqual(await readAll(changelog, { fromOffset: 37n }), { chunks: stored.slice(37), nextOffset: 40n });
    assert.deepEqual(await readAll(changelog, { fromOffset: 5n, untilOffset: 9n }), {
      chunks: stored.slice(5, 9),
      nextOffset: 9n,
    });
    assert.deepEqual(await readAll(changelog, { fromOffset: 40n }), { chunks: [], nextOffset: 40n });
  });

  test('beyond the end there is nothing, and where the end is, is told', async (t) => {
    const changelog = await create(t);
    assert.deepEqual(await readAll(changelog, { fromOffset: 0n }), { chunks: [], nextOffset: 0n });
    for (const text of ['a', 'b', 'c']) await changelog.append(PARTITION, Buffer.from(text));
    assert.deepEqual(await readAll(changelog, { fromOffset: 100n }), { chunks: [], nextOffset: 3n });
  });

  test('a reader that fails or gives up gets its own reason back', async (t) => {
    const changelog = await create(t);
    await changelog.append(PARTITION, Buffer.from('a'));
    const fault = new Error('a fault of the reader');
    const isFault = (error: unknown): boolean => error === fault;
    await assert.rejects(
      changelog.read(PARTITION, { fromOffset: 0n }, () => Promise.reject(fault)),
      isFault,
    );
    await assert.rejects(readAll(changelog, { fromOffset: 0n, signal: AbortSignal.abort(fault) }), isFault);
  });

  test('no chunk that was appended since a time lies below the offset of that time', async (t) => {
    const changelog = await create(t);
    assert.equal(await changelog.offsetSince(PARTITION, 0), 0n);
    await changelog.append(PARTITION, Buffer.from('a'));
    assert.equal(await changelog.offsetSince(PARTITION, 0), 0n);
    assert.equal(await changelog.offsetSince(PARTITION, Date.now() + 3_600_000), 1n);
  });

  test('what was recorded is known to the next owner of the partition, on any disk', async (t) => {
    const changelog = await create(t);
    const root = temporaryDirectory();
    t.after(() => root.remove());
    const clock = createTestClock(Date.now());
    const entry = (index: number) => delivery(index, { atMs: clock.nowMs(), offset: BigInt(index) });
    const directories = ['first', 'second', 'first'];
    for (const [turn, folder] of directories.entries()) {
      const ledger = await openLedger({ directory: join(root.path, folder), changelog, clock });
      for (let index = 0; index < 3; index += 1) {
        assert.deepEqual(ledger.lookup(commandIdOf(index)), index < turn ? entry(index) : undefined);
      }
      await ledger.record(entry(turn));
      await ledger.close();
    }
  });
}

async function readAll(
  changelog: LedgerChangelog,
  range: ChangelogRange,
): Promise<{ readonly chunks: readonly ChangelogChunk[]; readonly nextOffset: bigint }> {
  const all: ChangelogChunk[] = [];
  const nextOffset = await changelog.read(PARTITION, range, (chunks) => {
    all.push(...chunks);
  });
  return { chunks: all, nextOffset };
}
