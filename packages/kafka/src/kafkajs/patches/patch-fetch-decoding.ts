/**
 * A patch of kafkajs 2.2.4: its consumer decodes without bounds what it fetched. `fetch-decoding.ts` says what that
 * costs.
 */
import { decompress } from '../protocol/compression/codecs.ts';
import { decodeFetchResponse, type FetchedTopics } from '../protocol/fetch-decoding.ts';
import { replaceExport, type Patch } from './patch.ts';

interface ResponseCodec {
  decode(bytes: Buffer): Promise<FetchedTopics>;
  parse(response: FetchedTopics): Promise<FetchedTopics>;
}

/** The version that brokers since 2.3 speak, and the newest that kafkajs knows. */
export function decodeFetchesWithinBounds(): Patch {
  return replaceExport<ResponseCodec>('protocol/requests/fetch/v11/response', ({ parse }) => ({
    decode: (bytes) => decodeFetchResponse(bytes, decompress),
    parse,
  }));
}
