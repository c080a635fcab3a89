/**
 * The clock of a partition: the highest time that a transform has seen or given on it. The processes that write to one
 * partition have clocks that differ. A time that must come after all earlier ones is taken from this clock.
 */
import { isPositionKey, type OutgoingRecord } from '@astrolabe/records';

export const CLOCK_KEY = '["","clock"]';

/** Keys that the state itself must not have. */
export function isReservedKey(key: string): boolean {
  return key === CLOCK_KEY || isPositionKey(key);
}

export function clockRecord(clockMs: number, partition: number): OutgoingRecord {
  return { key: Buffer.from(CLOCK_KEY), value: Buffer.from(JSON.stringify({ clockMs })), headers: {}, partition };
}

/** Undefined where the record was deleted. Throws on what `clockRecord` did not make. */
export function parseClock(value: Buffer | null): number | undefined {
  if (value === null) return undefined;
  const { clockMs } = JSON.parse(value.toString()) as { clockMs?: unknown };
  if (typeof clockMs !== 'number' || !Number.isSafeInteger(clockMs)) throw new Error('a clock without clockMs');
  return clockMs;
}
