import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { PipelineError, isPipelineError } from '@astrolabe/service-kit/errors';
import { createInMemoryChangelog } from '../changelog/in-memory-changelog.ts';
import { openPartitionLedger, type PartitionLedger } from '../partition-ledger.ts';
import { commandIdOf, delivery } from '../testing/deliveries.ts';
import { PARTITION, WINDOW_MS, createTestClock, silentLogger, temporaryDirectory } from '../testing/open-ledger.ts';
import { IndexMemory } from './index-memory.ts';

/** The smallest table: 1,024 slots. */
const SMALLEST_BYTES = 8 * 1_024;

function memoryOf(maxBytes: number): IndexMemory {
  const fault = (neededBytes: number) =>
    new PipelineError('ledger.too-large', `${neededBytes} bytes`, { retryable: false });
  return new IndexMemory({ maxBytes, fault });
}

function setUp(t: TestContext) {
  const root = temporaryDirectory();
  const clock = createTestClock();
  const changelog = createInMemoryChangelog(() => clock.nowMs());
  const opened: PartitionLedger[] = [];
  t.after(async () => {
    for (const ledger of opened) await ledger.close(AbortSignal.abort()).catch(() => undefined);
    root.remove();
  });
  const open = async (memory: IndexMemory, folder = 'partition', windowMs = WINDOW_MS) => {
    const directory = join(root.path, folder);
    const common = { partition: PARTITION, windowMs, changelog, directory, memory, clock };
    const ledger = await openPartitionLedger({ ...common, copyAfterBytes: 1, random: () => 0, logger: silentLogger });
    opened.push(ledger);
    try {
      await ledger.restore();
    } catch (error) {
      await ledger.close();
      throw error;
    }
    return ledger;
  };
  const record = (ledger: PartitionLedger, from: number, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        ledger.record(delivery(from + index, { atMs: clock.nowMs(), offset: BigInt(from + index) })),
      ),
    );
  return { clock, open, record };
}

const isTooLarge = (error: unknown) => isPipelineError(error, 'ledger.too-large') && !error.retryable;

test('tables take memory as they grow, the old one beside the new one, and give it back when the ledger closes', async (t) => {
  const { open, record } = setUp(t);
  const memory = memoryOf(3 * SMALLEST_BYTES);
  const ledger = await open(memory);
  await record(ledger, 0, 1_000);
  await ledger.close();
  assert.equal(memory.usedBytes, 0);
  const again = await open(memory);
  assert.equal(memory.usedBytes, 2 * SMALLEST_BYTES);
  assert.notEqual(again.lookup(commandIdOf(999)), undefined);
});

test('a ledger that needs more than there is ends with the fault: at a restore, at a restart and while it records', async (t) => {
  const { open, record } = setUp(t);
  const large = await open(new IndexMemory());
  await record(large, 0, 2_000);
  await large.close();
  const small = memoryOf(3 * SMALLEST_BYTES);
  await assert.rejects(open(small), isTooLarge, 'on the same disk');
  assert.equal(small.usedBytes, 0);
  await assert.rejects(open(small, 'elsewhere'), isTooLarge, 'from the changelog');
  const enough = memoryOf(6 * SMALLEST_BYTES);
  const growing = await open(enough);
  await assert.rejects(async () => {
    // What the changelog has is recorded; the copy is written behind it, and the next delivery meets its fault.
    for (let from = 2_000; from < 10_000; from += 500) await record(growing, from, 500);
  }, isTooLarge);
});

test('a window that was made shorter makes room at the next start', async (t) => {
  const { clock, open, record } = setUp(t);
  const before = await open(new IndexMemory());
  for (let segment = 0; segment < 6; segment += 1) {
    await record(before, 700 * segment, 700);
    clock.advance(WINDOW_MS / 12);
  }
  await before.close();
  const memory = memoryOf(4 * SMALLEST_BYTES);
  await assert.rejects(open(memory), isTooLarge);
  const shorter = await open(memory, 'partition', WINDOW_MS / 6);
  assert.notEqual(shorter.lookup(commandIdOf(700 * 6 - 1)), undefined);
  assert.equal(shorter.lookup(commandIdOf(0)), undefined);
});

test('what the system does not give is the same fault', () => {
  assert.throws(() => memoryOf(Number.POSITIVE_INFINITY).allocate(2 ** 50), isTooLarge);
});
