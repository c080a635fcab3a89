/** A ledger on a folder of its own, with a clock that a test moves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { createLogger, type Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { SharedLinger } from '../chunk/shared-linger.ts';
import type { LedgerChangelog } from '../changelog/ledger-changelog.ts';
import { openPartitionLedger, type PartitionLedger, type PartitionLedgerOptions } from '../partition-ledger.ts';

export const WINDOW_MS = 1_200;
export const PARTITION = 3;

/** Sleeps take a turn of the event loop, whatever they were asked for. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function createTestClock(startMs = 1_000_000): TestClock {
  let now = startMs;
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    sleep: async (_ms, signal) => {
      await turn();
      signal?.throwIfAborted();
    },
    advance: (ms) => {
      now += ms;
    },
  };
}

export const silentLogger: Logger = createLogger({ name: 'test', level: 'silent' });

export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'astrolabe-ledger-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface OpenOptions extends Partial<PartitionLedgerOptions> {
  readonly directory: string;
  readonly changelog: LedgerChangelog;
  readonly clock: Clock;
}

export async function openLedger(options: OpenOptions): Promise<PartitionLedger> {
  const ledger = await openPartitionLedger({
    partition: PARTITION,
    windowMs: WINDOW_MS,
    linger: new SharedLinger(options.clock, 0),
    lockTimeoutMs: 0,
    copyAfterBytes: 1,
    random: () => 0,
    logger: silentLogger,
    ...options,
  });
  await ledger.restore();
  return ledger;
}
