/**
 * Record batches and fetch responses as a broker sends them, by kafkajs's own encoders, which are not those that are
 * tested.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { RecordBatch: encodeBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch(batch: object): Promise<{ buffer: Buffer }>;
};
const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => object;
const Long = require('kafkajs/src/utils/long') as { fromValue(value: string): object };

export interface TestRecord {
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer>>;
}

export interface TestBatch {
  readonly baseOffset: bigint;
  readonly records: readonly TestRecord[];
  /** Default: none. */
  readonly compression?: number;
  readonly producerId?: bigint;
  readonly transactional?: boolean;
}

export async function encodeTestBatch(batch: TestBatch): Promise<Buffer> {
  const { baseOffset, records, compression = 0, producerId = -1n, transactional = false } = batch;
  const { buffer } = await encodeBatch({
    compression,
    transactional,
    firstOffset: Long.fromValue(baseOffset.toString()),
    firstTimestamp: 1_000,
    maxTimestamp: 1_000,
    producerId: Long.fromValue(producerId.toString()),
    lastOffsetDelta: records.length - 1,
    records: records.map(({ key = null, value = null, headers = {} }, offsetDelta) =>
      encodeRecord({ offsetDelta, timestampDelta: 0, key, value, headers }),
    ),
  });
  return Buffer.from(buffer);
}

export interface TestPartition {
  readonly topic: string;
  readonly partition: number;
  readonly records: Buffer;
  readonly aborted?: readonly { readonly producerId: bigint; readonly firstOffset: bigint }[];
  readonly highWatermark?: bigint;
}

/** Version 11, a topic for each partition. */
export function encodeFetchResponse(partitions: readonly TestPartition[]): Buffer {
  const parts: Buffer[] = [];
  const put = (bytes: number, write: (buffer: Buffer) => void): void => {
    const buffer = Buffer.alloc(bytes);
    write(buffer);
    parts.push(buffer);
  };
  const int16 = (value: number): void => put(2, (buffer) => buffer.writeInt16BE(value));
  const int32 = (value: number): void => put(4, (buffer) => buffer.writeInt32BE(value));
  const int64 = (value: bigint): void => put(8, (buffer) => buffer.writeBigInt64BE(value));
  int32(17); // throttle time
  int16(0); // error
  int32(0); // session
  int32(partitions.length);
  for (const { topic, partition, records, aborted = [], highWatermark = 1_000n } of partitions) {
    int16(Buffer.byteLength(topic));
    parts.push(Buffer.from(topic));
    int32(1);
    int32(partition);
    int16(0); // error
    int64(highWatermark);
    int64(highWatermark); // last stable offset
    int64(0n); // log start offset
    int32(aborted.length);
    for (const { producerId, firstOffset } of aborted) {
      int64(producerId);
      int64(firstOffset);
    }
    int32(-1); // preferred read replica
    int32(records.length);
    parts.push(records);
  }
  return Buffer.concat(parts);
}
