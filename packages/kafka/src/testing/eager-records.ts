/**
 * Records of a batch decoded at once, part by part, as the format says: what the lazy ones are compared with, in
 * outcome and in cost.
 */
import type { ConsumedRecord } from '@astrolabe/records';
import type { EncodedBatch } from '../kafkajs/protocol/records/fetched-record.ts';

/** The records before the first one whose parts do not add up to its length, at most `count`. */
export function decodeEagerly(batch: EncodedBatch, count: number): ConsumedRecord[] {
  const records: ConsumedRecord[] = [];
  let at = 0;
  while (records.length < count) {
    const decoded = decodeRecord(batch, at);
    if (decoded === undefined) break;
    records.push(decoded.record);
    at = decoded.end;
  }
  return records;
}

function decodeRecord(
  { topic, partition, baseOffset, timestampMs: batchTimestampMs, hasAppendTime, bytes }: EncodedBatch,
  start: number,
): { readonly record: ConsumedRecord; readonly end: number } | undefined {
  let at = start;
  const varint = (): number => Number(BigInt.asIntN(32, unzigzag(varbits(5))));
  const varbits = (maxBytes: number): bigint => {
    let bits = 0n;
    for (let read = 0; read < maxBytes; read += 1) {
      const byte = bytes[at++] ?? 0;
      bits |= BigInt(byte & 0x7f) << BigInt(7 * read);
      if (byte < 0x80) break;
    }
    return maxBytes === 5 ? BigInt.asUintN(32, bits) : bits;
  };
  const nullableBytes = (): Buffer | null => {
    const length = varint();
    return length < 0 ? null : bytes.subarray(at, (at += length));
  };
  const length = varint();
  const end = at + length;
  if (length <= 0 || end > bytes.length) return undefined;
  at += 1;
  const timestampMs = batchTimestampMs + Number(unzigzag(varbits(10)));
  const offset = baseOffset + BigInt(varint());
  const key = nullableBytes();
  const value = nullableBytes();
  const headers: Record<string, Buffer> = Object.create(null) as Record<string, Buffer>;
  for (let left = varint(); left > 0 && at < end; left -= 1) {
    const name = nullableBytes()?.toString('utf8') ?? '';
    const header = nullableBytes();
    if (header !== null) headers[name] = header;
  }
  if (at !== end) return undefined;
  const time = hasAppendTime ? batchTimestampMs : timestampMs;
  return { record: { topic, partition, offset, timestampMs: time, key, value, headers }, end };
}

function unzigzag(bits: bigint): bigint {
  return (bits >> 1n) ^ -(bits & 1n);
}
