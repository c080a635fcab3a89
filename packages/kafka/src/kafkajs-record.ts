import type { IHeaders, KafkaMessage } from './kafkajs/index.ts';
import type { ConsumedRecord, RecordHeaders } from './record.ts';

/** A kafkajs message as our record. */
export function toConsumedRecord(topic: string, partition: number, message: KafkaMessage): ConsumedRecord {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    headers: toRecordHeaders(message.headers),
  };
}

/** Without members of `Object`, whatever a header is called; unlike those of `Object.create(null)`, its instances are no hash tables. */
const Headers = function () {
  // Their names are all that they have.
} as unknown as new () => Record<string, Buffer>;
(Headers as { prototype: object }).prototype = Object.create(null) as object;

const NO_HEADERS: RecordHeaders = Object.freeze(new Headers());

/** kafkajs gives a repeated header as an array and leaves out one with a null value; we keep the last value. */
function toRecordHeaders(headers: IHeaders | undefined): RecordHeaders {
  if (headers === undefined) return NO_HEADERS;
  const result = new Headers();
  for (const name in headers) {
    const value = headers[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) result[name] = typeof last === 'string' ? Buffer.from(last, 'utf8') : last;
  }
  return result;
}
