import { createRequire } from 'node:module';

const { KafkaJSNonRetriableError } = createRequire(import.meta.url)('kafkajs/src/errors') as {
  KafkaJSNonRetriableError: new (message: string, options?: { readonly cause?: unknown }) => Error;
};

/** A batch that is not what its producer wrote. Of the kind that kafkajs's consumer stops for: any other error it would try again for ever. */
export function undecodable(message: string, cause?: unknown): Error {
  return new KafkaJSNonRetriableError(message, { cause });
}
