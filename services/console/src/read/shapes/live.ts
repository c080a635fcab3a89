import { z } from 'zod';
import { count, digits, instant, payloadShape, recordIds } from './values.ts';

export const liveTopics = ['events', 'commands', 'replayed-commands', 'deliveries', 'dead-letters'] as const;

export const liveRowShape = z.object({
  topic: z.enum(liveTopics),
  /** Name of the topic on the brokers. */
  topicName: z.string(),
  partition: count,
  /** Of the record; of a delivery, that of the command on its topic. */
  offset: digits,
  at: instant,
  ...recordIds,
  /** Of a dead letter. */
  code: z.string().optional(),
  message: z.string().optional(),
  /** Of a delivery. */
  outcome: z.enum(['delivered', 'duplicate', 'dead-lettered']).optional(),
  status: count.optional(),
  /** Its beginning; the trail has all of it. */
  payload: payloadShape.optional(),
});
export type LiveRow = z.infer<typeof liveRowShape>;

/** Data of the event `rows`, and of `state`. */
export const liveEventShape = z.union([
  z.object({
    /** In the order in which they were read; in order within each partition. */
    rows: z.array(liveRowShape),
    /** Rows that matched and are not shown, since the last event: they came faster than rows are sent. */
    dropped: count,
    /** Offsets that were not looked at, since the last event: more came than the console reads. */
    notRead: count,
  }),
  z.object({
    /** By topic: whether it is being read, or why not. */
    topics: z.array(
      z.object({
        topic: z.enum(liveTopics),
        state: z.enum(['starting', 'reading', 'unavailable']),
        message: z.string().optional(),
      }),
    ),
  }),
]);
