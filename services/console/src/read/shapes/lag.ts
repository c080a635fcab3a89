import { z } from 'zod';
import { count, digits, instant, panelOf } from './values.ts';

const figures = {
  records: count,
  /** Offsets were counted, of which some may be markers of transactions. */
  isEstimate: z.boolean(),
  /** Age of the oldest record that is not read yet. */
  behindSeconds: z.number(),
  inPerSecond: z.number().optional(),
  outPerSecond: z.number().optional(),
  /** Absent where it is not catching up, or that is not known. */
  catchUpSeconds: z.number().optional(),
  /** Of `records`, those behind the cursors of connectors that lag. */
  cursorRecords: count,
};

export const serviceLagShape = z.object({
  service: z.string(),
  groupId: z.string(),
  topic: z.string(),
  total: z.object(figures),
  partitions: z.array(
    z.object({
      partition: count,
      committed: digits.optional(),
      endOffset: digits,
      /** Held by an open transaction since this offset. */
      heldFrom: digits.optional(),
      ...figures,
    }),
  ),
  connectors: z.array(z.object({ connector: z.string(), records: count })),
  held: z.array(
    z.object({ topic: z.string(), partition: count, fromOffset: digits, transactionalId: z.string().optional() }),
  ),
  /** Positions that belong to an earlier topic of that name. */
  recreated: z.array(z.object({ partition: count, nextOffset: digits })),
});

export const lagShape = z.object({ lag: panelOf(z.object({ services: z.array(serviceLagShape) })) });
export interface LagValue {
  services: z.infer<typeof serviceLagShape>[];
}

export const lagHistoryShape = z.object({
  service: z.string(),
  partition: count.optional(),
  connector: z.string().optional(),
  /** Oldest first. A point is the last snapshot of its stretch of time; where none was taken, there is no point. */
  points: z.array(
    z.object({
      at: instant,
      records: count,
      behindSeconds: z.number().optional(),
      inPerSecond: z.number().optional(),
      outPerSecond: z.number().optional(),
    }),
  ),
  keptHours: z.number(),
  /** Why there is nothing new, where the brokers cannot be asked. */
  unavailable: z.string().optional(),
});
export type LagHistoryAnswer = z.infer<typeof lagHistoryShape>;
