import { createRequire } from 'node:module';

const { KafkaJSNonRetriableError } = createRequire(import.meta.url)('kafkajs/src/errors') as {
  KafkaJSNonRetriableError: new (message: string, options?: { readonly cause?: unknown }) => Error;
};

/** The `type` of such an error, by which `kafka-errors.ts` knows it. */
export const UNREADABLE_BATCH = 'UNREADABLE_BATCH';

/**
 * A batch that is not what its producer wrote, or more than is read of one. Of the kind that kafkajs's consumer stops
 * for: any other error it would try again without end.
 */
export function undecodable(message: string, cause?: unknown): Error {
  return Object.assign(new KafkaJSNonRetriableError(message, { cause }), { type: UNREADABLE_BATCH });
}
