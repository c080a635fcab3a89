/** Values that several answers share. A member that is absent is not known, or does not apply. */
import { z, type ZodType } from 'zod';

/** A 64-bit number, such as an offset: as text, since JSON parsers of browsers round it. */
export const digits = z
  .string()
  .regex(/^-?\d+$/)
  .meta({ description: 'a 64-bit number as text' });

/** ISO 8601, UTC, with milliseconds. */
export const instant = z.string().meta({ description: 'a time in UTC, ISO 8601' });

export const count = z.int().min(0);

/** Of an error code: what it means, and who has to act. From the one error catalogue. */
export const causeShape = z.object({
  meaning: z.string(),
  whoActs: z.enum(['operator', 'sender', 'customer', 'developer']),
});

/**
 * A stored value as text, which nobody parses to show it, so that no number in it is rounded. `left` says how much is
 * not shown, in UTF-16 code units of the text, or bytes.
 */
export const payloadShape = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('text'), text: z.string(), left: count.optional() }),
  z.object({
    kind: z.literal('bytes'),
    base64: z.string(),
    left: count.optional(),
    /** Why it is not text. */
    reason: z.string(),
  }),
  z.object({ kind: z.literal('none') }),
]);
export type Payload = z.infer<typeof payloadShape>;

/** Who and what a record is about, as far as it says. */
export const recordIds = {
  connector: z.string().optional(),
  type: z.string().optional(),
  event: z.string().optional(),
  user: z.string().optional(),
  account: z.string().optional(),
  messageId: z.string().optional(),
  commandId: z.string().optional(),
};

export const positionShape = z.object({ topic: z.string(), partition: count, offset: digits });

/** The call that carries a command out, as the dispatcher makes it; the key is never shown. */
export const requestShape = z.object({
  method: z.enum(['PUT', 'POST', 'DELETE']),
  /** Below the API's base URL. */
  path: z.string(),
  headers: z.array(z.object({ name: z.string(), value: z.string() })),
  body: payloadShape,
});
export type RebuiltRequest = z.infer<typeof requestShape>;

/**
 * Part of a page that loads and fails by itself. `pending`: the first value is still being read. `unavailable`: it
 * could not be read now, for the reason in the message; `last` is what was read before.
 */
export function panelOf<Shape extends ZodType>(value: Shape) {
  return z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('ready'), at: instant, value }),
    z.object({ kind: z.literal('pending'), message: z.string() }),
    z.object({
      kind: z.literal('unavailable'),
      message: z.string(),
      code: z.string().optional(),
      last: z.object({ at: instant, value }).optional(),
    }),
  ]);
}

export type Panel<Value> =
  | { kind: 'ready'; at: string; value: Value }
  | { kind: 'pending'; message: string }
  | {
      kind: 'unavailable';
      message: string;
      code?: string | undefined;
      last?: { at: string; value: Value } | undefined;
    };
