import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@astrolabe/kafka/testing';
import type { PartitionReader } from '@astrolabe/records';
import { consumedRecord } from '@astrolabe/records/testing';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { turningClock } from '../testing/counting-process.ts';
import { createReplayPageReader } from './read-replay-page.ts';

type Read = PartitionReader['read'];

function pageReader(read: Read, lowWatermark = 0n) {
  const asked: string[] = [];
  const readPage = createReplayPageReader({
    reader: {
      read,
      offsets: async () => {
        asked.push('offsets');
        return { lowWatermark, lastStableOffset: 100n, highWatermark: 100n };
      },
    },
    clock: turningClock(),
    random: () => 0,
    logger: silentLogger,
  });
  const signal = new AbortController().signal;
  return { asked, page: (fromOffset: bigint, endOffset: bigint) => readPage('t', 0, fromOffset, endOffset, signal) };
}

const recordsAt = (...offsets: readonly bigint[]) => offsets.map((offset) => consumedRecord({ offset }));

test('a page is the first piece of its range, and nothing else is asked where it begins with the first record', async () => {
  let pieces = 0;
  const { asked, page } = pageReader(async ({ onRecords, signal, endOffset = 0n }) => {
    for (const offset of [5n, 6n]) {
      signal?.throwIfAborted();
      pieces += 1;
      await onRecords(recordsAt(offset), offset + 1n);
    }
    return endOffset;
  });
  const { records, gaps, nextOffset } = await page(5n, 9n);
  assert.deepEqual([records.map(({ offset }) => offset), gaps, nextOffset], [[5n], [], 6n]);
  assert.deepEqual([pieces, asked], [1, []]);
});

test('a range without records ends where it ends, be it because of markers or of retention', async () => {
  const nothing: Read = async ({ endOffset = 0n }) => endOffset;
  assert.deepEqual(await pageReader(nothing).page(5n, 9n), { records: [], gaps: [], nextOffset: 9n });
  assert.deepEqual(await pageReader(nothing, 7n).page(5n, 9n), {
    records: [],
    gaps: [{ kind: 'expired', fromOffset: 5n, nextOffset: 7n }],
    nextOffset: 9n,
  });
  const beyond = await pageReader(nothing, 50n).page(5n, 9n);
  assert.deepEqual(beyond.gaps, [{ kind: 'expired', fromOffset: 5n, nextOffset: 9n }]);
});

test('a batch that cannot be decoded is a gap as far as it is in the range, beside what has expired before it', async () => {
  const { page } = pageReader(async ({ topic, partition, onUnreadable, onRecords }) => {
    onUnreadable?.({ topic, partition, fromOffset: 6n, nextOffset: 8n, reason: 'corrupt' });
    await onRecords(recordsAt(8n), 9n);
    return 12n;
  }, 6n);
  assert.deepEqual((await page(5n, 12n)).gaps, [
    { kind: 'expired', fromOffset: 5n, nextOffset: 6n },
    { kind: 'unreadable', fromOffset: 6n, nextOffset: 8n },
  ]);
  assert.deepEqual((await page(7n, 12n)).gaps, [{ kind: 'unreadable', fromOffset: 7n, nextOffset: 8n }]);
});

test('what may pass is waited out, and what may not is told', async () => {
  let failures = 0;
  const fault = (retryable: boolean) => new PipelineError('kafka.unavailable', 'away', { retryable });
  const recovering = pageReader(async () => {
    failures += 1;
    if (failures < 3) throw fault(true);
    return 9n;
  });
  assert.equal((await recovering.page(9n, 9n)).nextOffset, 9n);
  await assert.rejects(
    pageReader(async () => {
      throw fault(false);
    }).page(0n, 9n),
    /away/,
  );
});

test('a range that begins beyond the end of its partition, which has lost records, has expired as a whole', async () => {
  const { page } = pageReader(async () => {
    throw new PipelineError('kafka.offset-out-of-range', 'the partition ends at 3', { retryable: false });
  });
  const gaps = [{ kind: 'expired', fromOffset: 5n, nextOffset: 9n }];
  assert.deepEqual(await page(5n, 9n), { records: [], gaps, nextOffset: 9n });
});
