/**
 * Queues that drop what is done many at a time must not keep it in memory until then: a record holds the fetch that it
 * came with.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ConsumedRecord } from '@astrolabe/records';
import { consumedRecord } from '@astrolabe/records/testing';
import { KeyLanes } from './key-lanes.ts';
import { OffsetTracker } from './offset-tracker.ts';
import { RecordBuffer } from '../state/state-buffer.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const COUNT = 100;

async function survivors(references: readonly WeakRef<object>[]): Promise<number> {
  // A reference that was looked at lives until its turn ends.
  await turn();
  collectGarbage();
  await turn();
  return references.filter((reference) => reference.deref() !== undefined).length;
}

function records(): ConsumedRecord[] {
  return Array.from({ length: COUNT }, (_, index) => consumedRecord({ offset: BigInt(index) }));
}

test('a record that is released leaves memory at once, however few there are', async () => {
  const buffer = new RecordBuffer({ maxBatchRecords: 10, maxBatchBytes: 1_000_000 });
  const references = ((): WeakRef<object>[] => {
    const added = records();
    buffer.add(added, BigInt(COUNT));
    while (buffer.hasMore) buffer.take();
    return added.map((record) => new WeakRef(record));
  })();
  assert.equal(await survivors(references), COUNT);
  buffer.releaseBelow(90n);
  assert.equal(await survivors(references), COUNT - 90);
  assert.equal(buffer.recordCount, COUNT - 90);
});

test('what is done of a key that never rests leaves memory at once', async () => {
  const lanes = new KeyLanes<object>(() => undefined);
  const [lane, references] = (() => {
    const items = records();
    const own = items.map((item) => lanes.add('key', item)).at(-1);
    assert.ok(own);
    return [own, items.map((item) => new WeakRef<object>(item))] as const;
  })();
  lanes.run(lane);
  for (let done = 0; done < 20; done += 1) lanes.next(lane);
  assert.equal(await survivors(references), COUNT - 20);
});

test('what is done leaves memory although a record before it holds the offset back', async () => {
  const done = new Set<bigint>();
  const tracker = new OffsetTracker<ConsumedRecord>(0n, ({ offset }) => done.has(offset));
  tracker.track(consumedRecord({ offset: 0n }));
  const references: WeakRef<object>[] = [];
  for (let offset = 1n; offset <= 10_000n; offset += 1n) {
    const record = consumedRecord({ offset });
    references.push(new WeakRef(record));
    tracker.track(record);
    done.add(offset);
    tracker.settle();
  }
  assert.ok((await survivors(references)) < 2_000);
  assert.equal(tracker.committableOffset, 0n);
  done.add(0n);
  assert.ok(tracker.settle());
  assert.equal(tracker.committableOffset, 10_001n);
});
