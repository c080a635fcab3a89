import { z } from 'zod';
import { causeShape, count, digits, instant, payloadShape, recordIds, requestShape } from './values.ts';

export const trailKinds = ['message', 'command', 'user'] as const;
export type TrailKind = (typeof trailKinds)[number];

const waitShape = z.object({
  kind: z.enum(['nothing-committed', 'connector-lags', 'not-reached']),
  /** The dispatcher's next offset, or the cursor of the connector. */
  nextOffset: digits.optional(),
  /** What it waits for, and why. */
  message: z.string(),
});

export const hopShape = z.object({
  role: z.enum(['event', 'command', 'dead letter', 'delivery']),
  at: instant,
  /** Since the hop before; clocks of machines differ, so it can be negative. */
  laterMs: z.number().optional(),
  topic: z.string(),
  partition: count,
  /** Of the record; of a delivery, that of its command. */
  offset: digits,
  ...recordIds,
  /** Where a replay forced the command: the id of that delivery. */
  forcedId: z.string().optional(),
  stored: payloadShape.optional(),
  /** Of a command: as JSON text, and the call that carries it out. */
  decoded: payloadShape.optional(),
  request: requestShape.optional(),
  /** Of a command: what the ledger has of it. */
  ledger: z
    .object({ outcome: z.enum(['delivered', 'duplicate', 'dead-lettered']), status: count.optional(), at: instant })
    .optional(),
  waits: waitShape.optional(),
  /** Of a dead letter. */
  code: z.string().optional(),
  message: z.string().optional(),
  cause: causeShape.optional(),
  /** Of a delivery. */
  outcome: z.enum(['delivered', 'duplicate', 'dead-lettered']).optional(),
  status: count.optional(),
});
export type Hop = z.infer<typeof hopShape>;

export const trailShape = z.object({
  kind: z.enum(trailKinds),
  id: z.string(),
  /** How far back was searched. */
  since: instant,
  /** Records that were read or skipped. */
  searched: count,
  /** In the order of their times. */
  hops: z.array(hopShape),
  /** Older records that were found and are not shown. */
  leftOut: count,
  /** Where nothing was found: transactions that hide records from every reader. */
  hidden: z.array(z.object({ topic: z.string(), partition: count, fromOffset: digits, message: z.string() })),
});
export type TrailAnswer = z.infer<typeof trailShape>;
