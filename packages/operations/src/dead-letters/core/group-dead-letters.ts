/** Dead letters by what they have in common. Pure. */
import type { DeadLetter } from './dead-letter.ts';
import type { DecisionState } from './decision-marks.ts';

export interface DeadLetterGroup {
  readonly topic: string;
  readonly code: string;
  readonly connectorId: string;
  /** Start of the interval, epoch milliseconds; undefined without intervals. */
  readonly intervalAtMs: number | undefined;
  readonly waiting: number;
  readonly redriven: number;
  readonly dismissed: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Of the newest one: its message, and where it is. */
  readonly message: string;
  readonly example: string;
}

export interface DeadLetterGroups {
  add(deadLetter: DeadLetter, state: DecisionState): void;
  /** By interval, those with the most waiting first. */
  all(): readonly DeadLetterGroup[];
}

export function createDeadLetterGroups(intervalMs: number | undefined): DeadLetterGroups {
  const groups = new Map<string, DeadLetterGroup>();
  return {
    add: (deadLetter, state) => {
      const { record, code, connectorId, atMs, message } = deadLetter;
      const intervalAtMs = intervalMs === undefined ? undefined : Math.floor(atMs / intervalMs) * intervalMs;
      const name = JSON.stringify([record.topic, code, connectorId, intervalAtMs]);
      const before = groups.get(name);
      const isNewest = before === undefined || atMs >= before.lastAtMs;
      groups.set(name, {
        topic: record.topic,
        code,
        connectorId,
        intervalAtMs,
        waiting: (before?.waiting ?? 0) + (state === 'waiting' ? 1 : 0),
        redriven: (before?.redriven ?? 0) + (state === 'redriven' ? 1 : 0),
        dismissed: (before?.dismissed ?? 0) + (state === 'dismissed' ? 1 : 0),
        firstAtMs: Math.min(before?.firstAtMs ?? atMs, atMs),
        lastAtMs: Math.max(before?.lastAtMs ?? atMs, atMs),
        message: isNewest ? message : before.message,
        example: isNewest ? `${record.partition}:${record.offset}` : before.example,
      });
    },
    all: () =>
      [...groups.values()].toSorted(
        (a, b) => (a.intervalAtMs ?? 0) - (b.intervalAtMs ?? 0) || b.waiting - a.waiting || b.lastAtMs - a.lastAtMs,
      ),
  };
}
