import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { IndexMemory, createInMemoryChangelog } from '@astrolabe/ledger';
import { createLogger } from '@astrolabe/service-kit';
import { createPartitionLedgers } from './partition-ledgers.ts';

test('a partition that is lost while its ledger is restored leaves its folder and its memory to the next assignment', async (t) => {
  const ledgerDirectory = mkdtempSync(join(tmpdir(), 'partition-ledgers-'));
  t.after(() => rmSync(ledgerDirectory, { recursive: true, force: true }));
  const memory = new IndexMemory();
  const inMemory = createInMemoryChangelog(() => Date.now());
  const lost = new AbortController();
  let reads = 0;
  const openLedger = createPartitionLedgers({
    config: { ledgerDirectory, ledgerWindowHours: 1 },
    changelog: {
      ...inMemory,
      read: (partition, range, onChunks) => {
        reads += 1;
        if (reads > 1) return inMemory.read(partition, range, onChunks);
        lost.abort(new Error('lost'));
        return Promise.reject(lost.signal.reason as Error);
      },
    },
    memory,
    groupId: 'group',
    topic: 'commands',
    logger: createLogger({ name: 'partition-ledgers', level: 'silent' }),
  });
  const session = (signal: AbortSignal) => ({
    topic: 'commands',
    partition: 0,
    topicId: undefined,
    epoch: 1,
    signal,
    storeOffset: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    fail: () => undefined,
  });
  await assert.rejects(openLedger(session(lost.signal)), /lost/);
  const again = await openLedger(session(new AbortController().signal));
  await again.close();
  assert.equal(memory.usedBytes, 0);
});
