import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { decompress } from './codecs.ts';
import { CompressionTypes } from '../../index.ts';

const { lookupCodec } = createRequire(import.meta.url)('kafkajs/src/protocol/message/compression') as {
  lookupCodec(type: number): {
    compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
    decompress(bytes: Buffer): Promise<Buffer>;
  };
};

const { GZIP, Snappy, LZ4, ZSTD } = CompressionTypes;
const ALL = [GZIP, Snappy, LZ4, ZSTD];
const STOPS_KAFKAJS = { name: 'KafkaJSNonRetriableError', retriable: false };

const texts = [
  Buffer.alloc(0),
  Buffer.from('a'),
  Buffer.from('some text, and some text again, and some text again'.repeat(3_000)),
  Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * index * 31) % 251)),
];

test('kafkajs finds a codec for each of the four, and each gives back what it was given', async () => {
  for (const type of ALL) {
    const codec = lookupCodec(type);
    for (const buffer of texts) {
      const compressed = await codec.compress({ buffer });
      assert.deepEqual(await codec.decompress(compressed), buffer);
      assert.deepEqual(await decompress(type, compressed), buffer);
    }
  }
});

test('snappy is read in the blocks of snappy-java and as one raw block', async () => {
  for (const text of texts) assert.deepEqual(await decompress(Snappy, compressSync(text)), text);
  // "hello hello hello hello " by snappy-java's SnappyOutputStream, as its header and its one block are.
  const block = compressSync('hello hello hello hello ');
  const stream = Buffer.concat([
    Buffer.from('82534e41505059000000000100000001', 'hex'),
    Buffer.from([0, 0, 0, block.length]),
    block,
  ]);
  assert.equal(String(await decompress(Snappy, stream)), 'hello hello hello hello ');
  assert.equal(String(await decompress(Snappy, Buffer.concat([stream, stream]))), 'hello hello hello hello '.repeat(2));
});

test('lz4 frames of other producers are read: with checksums, and of many blocks', async () => {
  for (const text of texts) {
    const frame = compressFrameSync(text, { contentChecksum: true, blockChecksums: true });
    assert.deepEqual(await decompress(LZ4, frame), text);
  }
});

test('bytes that are cut off or are none of the codec are a fault that kafkajs does not repeat', async () => {
  const text = Buffer.from('some text, and some text again, and some text again'.repeat(50));
  for (const type of ALL) {
    const compressed = await lookupCodec(type).compress({ buffer: text });
    for (const length of [1, 4, 10, compressed.length >> 1, compressed.length - 1]) {
      await assert.rejects(decompress(type, compressed.subarray(0, length)), STOPS_KAFKAJS);
    }
    await assert.rejects(decompress(type, Buffer.alloc(40, 0xff)), STOPS_KAFKAJS);
    await assert.rejects(lookupCodec(type).decompress(Buffer.alloc(40, 0xff)), STOPS_KAFKAJS);
  }
  await assert.rejects(decompress(6, text), STOPS_KAFKAJS);
});

test('a bomb is refused before it is inflated in full', async () => {
  const maxBytes = 1_048_576;
  const bomb = Buffer.alloc(maxBytes + 1);
  const fits = bomb.subarray(1);
  const raw = (bytes: Buffer): [number, Buffer][] => [
    [GZIP, gzipSync(bytes)],
    [Snappy, compressSync(bytes)],
    [LZ4, compressFrameSync(bytes)],
    [ZSTD, zstdCompressSync(bytes)],
  ];
  for (const [type, bytes] of raw(bomb)) await assert.rejects(decompress(type, bytes, maxBytes), STOPS_KAFKAJS);
  for (const [type, bytes] of raw(fits)) assert.deepEqual(await decompress(type, bytes, maxBytes), fits);
  // A raw snappy block may lie about its length: a few bytes that claim gigabytes.
  await assert.rejects(decompress(Snappy, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0])), STOPS_KAFKAJS);
});
