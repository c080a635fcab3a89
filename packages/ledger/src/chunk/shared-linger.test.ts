import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { createInMemoryChangelog } from '../changelog/in-memory-changelog.ts';
import { delivery } from '../testing/deliveries.ts';
import { openLedger, temporaryDirectory } from '../testing/open-ledger.ts';
import { SharedLinger } from './shared-linger.ts';

test('the ledgers of a process store their chunks at one moment, so that one request takes them', async (t) => {
  const root = temporaryDirectory();
  const clock = createManualClock();
  const changelog = createInMemoryChangelog();
  const linger = new SharedLinger(clock, 25);
  const open = async (partition: number) => {
    const directory = join(root.path, String(partition));
    // No copy is written: a disk has a time of its own.
    const options = { partition, directory, changelog, clock, linger, windowMs: 60_000, copyAfterBytes: 1_000_000 };
    return openLedger(options);
  };
  const ledgers = [await open(0), await open(1)] as const;
  t.after(async () => {
    for (const ledger of ledgers) await ledger.close(AbortSignal.abort()).catch(() => undefined);
    root.remove();
  });
  const stored = () => [changelog.chunks(0).length, changelog.chunks(1).length];
  const recorded: Promise<void>[] = [];
  const record = (ledger: 0 | 1, name: string) =>
    recorded.push(ledgers[ledger].record(delivery(name, { atMs: clock.nowMs(), offset: 7n })));

  record(0, 'first');
  await clock.advance(20);
  record(1, 'second');
  await clock.advance(4);
  assert.deepEqual(stored(), [0, 0]);
  await clock.advance(1);
  assert.deepEqual(stored(), [1, 1]);
  await Promise.all(recorded);
  assert.deepEqual(clock.remainingSleepsMs(), [], 'nothing is waited for where nothing is in hand');

  record(1, 'third');
  await clock.advance(25);
  assert.deepEqual(stored(), [1, 2]);
});
