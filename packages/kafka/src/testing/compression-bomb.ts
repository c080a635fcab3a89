/**
 * Batches that are small on the wire and huge when they are inflated, as anybody may write them who may write to a
 * topic.
 */
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import type { OutgoingRecord } from '@astrolabe/records';
import { compressFrameSync } from 'lz4-napi';
import { clientOf, type KafkaConnection } from '../connection.ts';
import { CompressionCodecs, CompressionTypes } from '../kafkajs/index.ts';
import { compressXerial } from '../kafkajs/protocol/compression/snappy-framing.ts';

export type BombCodec = 'gzip' | 'snappy' | 'lz4' | 'zstd';

const compressionTypes = {
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const;

/**
 * How many bytes a batch of the broker's default size (1 MiB) can inflate to with each codec; fewer where a test would
 * take too long.
 */
export const bombBytes: Readonly<Record<BombCodec, number>> = {
  gzip: 300_000_000,
  snappy: 20_000_000,
  lz4: 200_000_000,
  zstd: 300_000_000,
};

/** Writes a batch of one record to a partition, whose value is so many zeros. */
export async function produceBomb(
  connection: KafkaConnection,
  topic: string,
  partition: number,
  codec: BombCodec,
  valueBytes: number,
): Promise<void> {
  await produceCompressed(connection, topic, partition, codec, recordOfZeros(valueBytes));
}

/**
 * Writes a record by itself, as a producer that compresses does: what the broker measures is much smaller than the
 * record.
 */
export async function produceGzipped(
  connection: KafkaConnection,
  topic: string,
  { key, value, headers, partition }: OutgoingRecord,
): Promise<void> {
  const producer = clientOf(connection).producer();
  try {
    await producer.connect();
    const place = partition === undefined ? {} : { partition };
    await producer.send({ topic, compression: compressionTypes.gzip, messages: [{ key, value, headers, ...place }] });
  } finally {
    await producer.disconnect();
  }
}

/** Writes a batch of one record to a partition, with so many headers of a byte. */
export async function produceHeaders(
  connection: KafkaConnection,
  topic: string,
  partition: number,
  codec: BombCodec,
  headers: number,
): Promise<void> {
  const name = Buffer.concat([varint(1), Buffer.from('h'), varint(-1)]);
  const head = Buffer.concat([Buffer.from([0, 0, 0]), varint(-1), varint(-1), varint(headers)]);
  const record = Buffer.concat([head, Buffer.alloc(headers * name.length, name)]);
  await produceCompressed(connection, topic, partition, codec, Buffer.concat([varint(record.length), record]));
}

async function produceCompressed(
  connection: KafkaConnection,
  topic: string,
  partition: number,
  codec: BombCodec,
  record: Buffer,
): Promise<void> {
  const type = compressionTypes[codec];
  const bomb = await compress(codec, record);
  const codecs = CompressionCodecs as Record<number, () => object>;
  const own = codecs[type];
  // kafkajs makes the batch, with its counts and checksum, around other records than it was given.
  codecs[type] = () => ({ compress: async () => bomb });
  const producer = clientOf(connection).producer();
  try {
    await producer.connect();
    await producer.send({ topic, compression: type, messages: [{ partition, value: '' }] });
  } finally {
    if (own !== undefined) codecs[type] = own;
    await producer.disconnect();
  }
}

/** The one record of a batch: no key, no headers. */
function recordOfZeros(valueBytes: number): Buffer {
  const head = Buffer.concat([Buffer.from([0, 0, 0]), varint(-1), varint(valueBytes)]);
  const length = varint(head.length + valueBytes + 1);
  const record = Buffer.alloc(length.length + head.length + valueBytes + 1);
  length.copy(record);
  head.copy(record, length.length);
  return record;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value < 0 ? -value * 2 - 1 : value * 2;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

async function compress(codec: BombCodec, bytes: Buffer): Promise<Buffer> {
  if (codec === 'gzip') return gzipSync(bytes);
  if (codec === 'lz4') return compressFrameSync(bytes);
  if (codec === 'zstd') return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  return compressXerial(bytes);
}
