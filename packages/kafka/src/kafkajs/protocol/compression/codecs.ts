/**
 * The four codecs of Kafka's record batches, for kafkajs and for our own decoder: kafkajs has gzip only, without a
 * limit, and its consumer stops at the first batch of any other. What a batch inflates to is bounded, and bytes that do
 * not inflate are errors that kafkajs does not retry.
 */
import { promisify } from 'node:util';
import { gunzip, gzip, zstdCompress, zstdDecompress } from 'node:zlib';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { boundLz4Frame } from './lz4-frame.ts';
import { compressXerial, decompressSnappy } from './snappy-framing.ts';
import { undecodable } from '../undecodable.ts';

/**
 * Most bytes that one batch may inflate to: a broker bounds what a batch has compressed (`message.max.bytes`, 1 MiB by
 * default), and zstd makes gigabytes of that. Producers bound it before they compress, Java's to 1 MiB
 * (`max.request.size`).
 */
export const MAX_INFLATED_BYTES = 16 * 1_048_576;

export interface Codec {
  readonly name: string;
  compress(bytes: Buffer): Promise<Buffer>;
  decompress(bytes: Buffer, maxBytes: number): Promise<Buffer>;
}

const gzipAsync = promisify<Buffer, Buffer>(gzip);
const gunzipAsync = promisify(gunzip);
const zstdCompressAsync = promisify<Buffer, Buffer>(zstdCompress);
const zstdDecompressAsync = promisify(zstdDecompress);

/** Numbers in a batch's attributes: https://kafka.apache.org/documentation/#recordbatch */
const GZIP = 1;
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;

/** By the number in a batch's attributes. */
const codecs: ReadonlyMap<number, Codec> = new Map([
  [
    GZIP,
    {
      name: 'gzip',
      compress: gzipAsync,
      decompress: (bytes, maxBytes) => gunzipAsync(bytes, { maxOutputLength: maxBytes }),
    },
  ],
  [SNAPPY, { name: 'snappy', compress: compressXerial, decompress: decompressSnappy }],
  [
    LZ4,
    {
      name: 'lz4',
      compress: (bytes) => compressFrame(bytes),
      decompress: (bytes, maxBytes) => {
        boundLz4Frame(bytes, maxBytes);
        return decompressFrame(bytes);
      },
    },
  ],
  [
    ZSTD,
    {
      name: 'zstd',
      compress: zstdCompressAsync,
      decompress: (bytes, maxBytes) => zstdDecompressAsync(bytes, { maxOutputLength: maxBytes }),
    },
  ],
]);

/** Inflates the records of a batch. Rejects with an error that kafkajs does not retry. */
export async function decompress(compression: number, bytes: Buffer, maxBytes = MAX_INFLATED_BYTES): Promise<Buffer> {
  const codec = codecs.get(compression);
  if (codec === undefined) throw undecodable(`a batch is compressed by codec ${compression}, which is none of Kafka's`);
  let inflated: Buffer;
  try {
    inflated = await codec.decompress(bytes, maxBytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw undecodable(`a batch of ${bytes.length} bytes cannot be inflated by ${codec.name}: ${reason}`, error);
  }
  if (inflated.length <= maxBytes) return inflated;
  throw undecodable(`a batch of ${bytes.length} bytes inflates by ${codec.name} to more than ${maxBytes}`);
}

/** Makes kafkajs read and write all four; `registered` are its own `CompressionCodecs`. */
export function registerCodecs(registered: Record<number, () => object>): void {
  for (const [compression, codec] of codecs) {
    registered[compression] = () => ({
      compress: ({ buffer }: { readonly buffer: Buffer }) => codec.compress(buffer),
      decompress: (bytes: Buffer) => decompress(compression, bytes),
    });
  }
}
