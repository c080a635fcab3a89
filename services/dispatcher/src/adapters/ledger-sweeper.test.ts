import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { partitionDirectory } from '@astrolabe/ledger';
import { createLogger } from '@astrolabe/service-kit';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { startLedgerSweeper } from './ledger-sweeper.ts';

const HOUR_MS = 3_600_000;

test('a folder is swept within an hour of the end of its window, counted and logged, and a fault is tried again', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'astrolabe-sweeper-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const clock = createManualClock();
  const path = partitionDirectory(directory, { groupId: 'g', topic: 't', partition: 5 });
  mkdirSync(path, { recursive: true });
  for (const [name, text] of [
    ['lock', ''],
    ['0000000000.segment', 'x'.repeat(100)],
  ] as const) {
    writeFileSync(join(path, name), text);
    utimesSync(join(path, name), clock.nowMs() / 1_000, clock.nowMs() / 1_000);
  }
  const lines: Record<string, unknown>[] = [];
  const counts: number[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const sweeper = startLedgerSweeper({
    directory,
    windowMs: 2 * HOUR_MS,
    clock,
    logger: createLogger({ name: 'test', level: 'info', destination }),
    onSwept: (count) => counts.push(count),
  });
  t.after(() => sweeper.close());
  for (let hour = 1; hour <= 3; hour += 1) {
    await clock.untilSleeping();
    assert.deepEqual([counts, existsSync(path)], [Array.from({ length: hour }, () => 0), true]);
    // A sweep reads the disk, which the clock does not wait for.
    await clock.advance(HOUR_MS);
  }
  while (counts.length < 4) await new Promise(setImmediate);
  assert.deepEqual([counts.at(-1), existsSync(path)], [1, false]);
  assert.deepEqual(
    lines.map(({ path, bytes }) => ({ path, bytes })),
    [{ path, bytes: 100 }],
  );
  await clock.untilSleeping();
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'not a directory');
  await clock.advance(HOUR_MS);
  while (lines.length < 2) await new Promise(setImmediate);
  assert.match(String(lines[1]?.['msg']), /could not be swept; trying again in an hour/);
  await clock.untilSleeping();
});
