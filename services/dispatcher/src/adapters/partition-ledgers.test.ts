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
  let restored = 0;
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
    onRestored: () => (restored += 1),
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
  assert.equal(restored, 1, 'what was lost was not restored');
  await again.record({
    commandId: 'c1',
    connectorId: 'acme',
    offset: 0n,
    outcome: 'delivered',
    status: 200,
    atMs: Date.now(),
  });
  const { entries, bytes } = again.stats();
  assert.equal(entries, 1, 'what is in hand counts');
  assert.ok(bytes > 0, 'what is acknowledged and not written yet counts');
  await again.close();
  assert.equal(memory.usedBytes, 0);
});
