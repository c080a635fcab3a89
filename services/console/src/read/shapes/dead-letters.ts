import { z } from 'zod';
import { causeShape, count, digits, instant, payloadShape, positionShape, requestShape } from './values.ts';

export const decisionStates = ['waiting', 'redriven', 'dismissed'] as const;

/** How far the index is. Until it is complete, counts are those of what has been read. */
const indexShape = z.object({
  state: z.enum(['reading', 'following', 'unavailable']),
  message: z.string().optional(),
  /** Offsets of the dead-letter topics, and those of them that have been read. */
  read: count,
  total: count,
});
export type IndexState = z.infer<typeof indexShape>;

const counts = { waiting: count, redriven: count, dismissed: count };

const groupShape = z.object({
  /** `events` or `commands`: which topic they failed on. */
  source: z.enum(['events', 'commands']),
  topic: z.string(),
  code: z.string(),
  connector: z.string(),
  ...counts,
  first: instant,
  last: instant,
  /** The newest: its message, and where it is. */
  sample: z.object({ message: z.string(), partition: count, offset: digits }),
  /** Absent for a code that this version does not know. */
  cause: causeShape.optional(),
});

export type DeadLetterGroupAnswer = z.infer<typeof groupShape>;

export const deadLetterGroupsShape = z.object({
  index: indexShape,
  ...counts,
  /** Those with the most waiting first. */
  groups: z.array(groupShape),
});
export type DeadLetterGroupsAnswer = z.infer<typeof deadLetterGroupsShape>;

export const deadLetterRecordsShape = z.object({
  index: indexShape,
  /** Newest first, as far as times of partitions can be compared. */
  records: z.array(
    positionShape.extend({
      source: z.enum(['events', 'commands']),
      at: instant,
      code: z.string(),
      connector: z.string(),
      state: z.enum(decisionStates),
    }),
  ),
  /** For `after` of the next page; absent on the last. */
  next: z.string().optional(),
});
export type DeadLetterRecordsAnswer = z.infer<typeof deadLetterRecordsShape>;

export const deadLetterShape = positionShape.extend({
  source: z.enum(['events', 'commands']),
  at: instant,
  code: z.string(),
  message: z.string(),
  cause: causeShape.optional(),
  connector: z.string(),
  messageId: z.string().optional(),
  commandId: z.string().optional(),
  state: z.enum(decisionStates),
  /** Of one that was decided about. */
  decision: z.object({ runId: z.string(), at: instant, reason: z.string().optional() }).optional(),
  /** Whether it was on its source topic: what ingest or a backfill refused never was. */
  wasOnTopic: z.boolean(),
  senderTrust: z.enum(['api-key', 'write-key', 'operator']),
  receivedAt: instant.optional(),
  redriveCount: count,
  /** Bytes of the record that did not fit the dead letter. */
  cutBytes: count,
  key: payloadShape,
  headers: z.array(z.object({ name: z.string(), value: payloadShape })),
  stored: payloadShape,
  /** Of a command that can be decoded: as JSON text, and the call that it stands for. */
  decoded: payloadShape.optional(),
  request: requestShape.optional(),
  /** In the format of `astrolabe dlq export`, to be edited and redriven. Absent where values are masked. */
  exportLine: z.string().optional(),
});
export type DeadLetterAnswer = z.infer<typeof deadLetterShape>;
