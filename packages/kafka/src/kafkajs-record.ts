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

const NO_HEADERS: RecordHeaders = Object.freeze({});

/** kafkajs gives a repeated header as an array and leaves out one with a null value; we keep the last value. */
function toRecordHeaders(headers: IHeaders | undefined): RecordHeaders {
  if (headers === undefined) return NO_HEADERS;
  const result: Record<string, Buffer> = Object.create(null) as Record<string, Buffer>;
  for (const name in headers) {
    const value = headers[name];
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) result[name] = typeof last === 'string' ? Buffer.from(last, 'utf8') : last;
  }
  return result;
}
