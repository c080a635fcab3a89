import { z } from 'zod';
import { count, digits, instant, panelOf } from './values.ts';

export const replayPhases = ['waiting', 'running', 'pausing', 'paused', 'cancelling', 'cancelled', 'finished'] as const;

const ends = {
  knownToLedger: count,
  delivered: count,
  duplicate: count,
  dead: count,
  cancelled: count,
};

/** In numbers that add up: `read` is the sum of the four after it and `matched`. */
const outcomesShape = z.object({
  read: count,
  replayedBefore: count,
  filteredOut: count,
  unreadable: count,
  expired: count,
  matched: count,
  /** Of a replay of events. */
  events: z.object({ mapped: count, skipped: count, dead: count }).optional(),
  /** Of commands, or of those that were made of events. */
  commands: z.object({ made: count.optional(), ...ends, lost: count.optional(), pending: count }),
  /** Offsets in range that are not read. */
  unread: count,
});

export const replayShape = z.object({
  id: z.string(),
  source: z.enum(['events', 'commands']),
  phase: z.enum(replayPhases),
  isOver: z.boolean(),
  /** Its topic was deleted and created again: nobody works on it any more. */
  isOrphan: z.boolean(),
  startedAt: instant,
  lastActiveAt: instant,
  filter: z.object({
    connectors: z.array(z.string()).optional(),
    type: z.string().optional(),
    event: z.string().optional(),
    user: z.string().optional(),
    account: z.string().optional(),
  }),
  force: z.boolean(),
  includesReplayed: z.boolean(),
  /** The cap; absent where there is none. */
  recordsPerSecond: z.number().optional(),
  /** From 0 to 1. */
  share: z.number(),
  readPerSecond: z.number().optional(),
  remainingSeconds: z.number().optional(),
  /** Work that waited because live records had the turn, over all partitions. */
  gaveWaySeconds: z.number(),
  outcomes: outcomesShape,
});
export type ReplayAnswer = z.infer<typeof replayShape>;

/** Started by a version before managed replays: shown, not resumed. */
const olderShape = z.object({
  id: z.string(),
  startedAt: instant.optional(),
  /** Ranges that it had not read, for another replay. */
  remaining: z.string().optional(),
  /** Why it cannot be read. */
  unreadable: z.string().optional(),
});

export const replaysValueShape = z.object({ replays: z.array(replayShape), older: z.array(olderShape) });
export type ReplaysValue = z.infer<typeof replaysValueShape>;

export const replaysShape = z.object({ replays: panelOf(replaysValueShape) });

export const replayDetailShape = replayShape.extend({
  partitions: z.array(
    z.object({
      partition: count,
      fromOffset: digits,
      endOffset: digits,
      nextOffset: digits.optional(),
      unread: count,
      gaveWaySeconds: z.number(),
    }),
  ),
});
export type ReplayDetail = z.infer<typeof replayDetailShape>;

export const replayPageShape = z.object({ replay: panelOf(replayDetailShape) });
