import { createRequire } from 'node:module';

const { KafkaJSNonRetriableError } = createRequire(import.meta.url)('kafkajs/src/errors') as {
  KafkaJSNonRetriableError: new (message: string, options?: { readonly cause?: unknown }) => Error;
};

/** The `type` of such an error, by which `kafka-errors.ts` knows it. */
export const UNREADABLE_BATCH = 'UNREADABLE_BATCH';

/**
 * For a batch that is damaged or too large. Non-retriable, because kafkajs's consumer retries any other error without
 * end.
 */
export function undecodable(message: string, cause?: unknown): Error {
  return Object.assign(new KafkaJSNonRetriableError(message, { cause }), { type: UNREADABLE_BATCH });
}
