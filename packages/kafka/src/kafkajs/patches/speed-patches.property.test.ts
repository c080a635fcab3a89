import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { murmur2 } from '@astrolabe/records';
import fc from 'fast-check';
import { loadOriginal, loadPatched } from '../../testing/original-kafkajs.ts';
import { crc32c } from '../protocol/crc32c.ts';
import { isPlainRequest, type ProduceArguments } from '../protocol/produce-encoding.ts';

interface Encoded {
  readonly buf: Buffer;
  readonly buffer: Buffer;
  size(): number;
}
interface Request {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  expectResponse(): boolean;
  encode(): Promise<Encoded>;
}
type CreateRequest = (args: ProduceArguments) => Request;
type Frame = (framed: { correlationId: number; clientId: string | null; request: Request }) => Promise<Encoded>;

const versions = [3, 4, 5, 6, 7];
const modules = ['protocol/request', ...versions.map((version) => `protocol/requests/produce/v${version}/request`)];
const originals = modules.map((path) => loadOriginal<unknown>(path));
const originalMurmur2 = loadOriginal<(key: Buffer) => number>('producer/partitioners/default/murmur2');
const originalCrc32c = loadOriginal<(bytes: Buffer) => number>('protocol/recordBatch/crc32C');
const patched = modules.map((path) => loadPatched<unknown>(path));

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const bytesOrNull = fc.option(bytes(100));

const message = fc.record({
  key: bytesOrNull,
  value: bytesOrNull,
  headers: fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 70 }), bytes(70), { maxKeys: 4 }),
});
/** On both sides of the lengths at which a varint grows. */
const large = fc
  .constantFrom(8_185, 8_192, 8_200, 1_048_577)
  .map((size) => [{ key: null, value: Buffer.alloc(size, size), headers: {} }]);
const many = message.map((each) => Array.from({ length: 70 }, () => each));
const partition = fc.record({
  partition: fc.nat(),
  firstSequence: fc.option(fc.nat(), { nil: undefined }),
  messages: fc.oneof(
    { weight: 18, arbitrary: fc.array(message, { minLength: 1, maxLength: 5 }) },
    { weight: 1, arbitrary: many },
    { weight: 1, arbitrary: large },
  ),
});
const request: fc.Arbitrary<ProduceArguments> = fc.record({
  acks: fc.constantFrom(-1, 0, 1),
  timeout: fc.nat(),
  transactionalId: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
  producerId: fc.oneof(
    fc.constant(undefined),
    fc.constant(-1),
    fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String),
  ),
  producerEpoch: fc.option(fc.integer({ min: -1, max: 32_767 }), { nil: undefined }),
  compression: fc.constantFrom(undefined, 0),
  topicData: fc.array(
    fc.record({ topic: fc.string({ unit: 'grapheme' }), partitions: fc.array(partition, { maxLength: 3 }) }),
    { maxLength: 3 },
  ),
});

async function assertSameBytes(args: ProduceArguments): Promise<void> {
  for (const [index, version] of versions.entries()) {
    const [original, ours] = [originals, patched].map((each) => (each[index + 1] as CreateRequest)(args));
    assert.ok(original !== undefined && ours !== undefined);
    const { encode: _encode, expectResponse: _expectResponse, ...fields } = ours;
    assert.deepEqual(fields, { apiKey: original.apiKey, apiVersion: version, apiName: 'Produce' });
    assert.equal(ours.expectResponse(), original.expectResponse());
    const [expected, actual] = await Promise.all([original.encode(), ours.encode()]);
    assert.ok(expected.buffer.equals(actual.buffer), `version ${version}`);
    assert.equal(actual.size(), expected.size());
    const clientId = version % 2 === 0 ? null : 'app.ingest-é';
    const [expectedFrame, frame] = await Promise.all(
      [originals[0] as Frame, patched[0] as Frame].map((each) =>
        each({ correlationId: version, clientId, request: original }),
      ),
    );
    assert.ok(expectedFrame !== undefined && frame !== undefined && expectedFrame.buffer.equals(frame.buffer));
  }
}

test('a request of our producer is encoded and framed to the byte as the original does', async (t) => {
  const now = mock.method(Date, 'now', () => 1_772_366_400_123);
  t.after(() => now.mock.restore());
  await fc.assert(
    fc.asyncProperty(request, async (args) => {
      assert.ok(isPlainRequest(args));
      await assertSameBytes(args);
    }),
    { numRuns: 60 },
  );
});

test('a request of any other kind is left to the original', async (t) => {
  const now = mock.method(Date, 'now', () => 1_772_366_400_123);
  t.after(() => now.mock.restore());
  const plain = { key: null, value: Buffer.from('v'), headers: {} };
  const others = [
    [{ ...plain, key: 'text' }],
    [{ ...plain, value: 'text' }],
    [{ ...plain, headers: { name: 'text' } }],
    [{ ...plain, headers: { name: [Buffer.from('a'), Buffer.from('b')] } }],
    [{ value: Buffer.from('v') }],
    [{ ...plain, timestamp: '1772366400000' }],
    [plain, { ...plain, timestamp: '1772366400000' }],
    [],
  ];
  for (const messages of others) {
    const args = { acks: -1, timeout: 1, topicData: [{ topic: 't', partitions: [{ partition: 0, messages }] }] };
    assert.equal(isPlainRequest(args as unknown as ProduceArguments), false);
    await assertSameBytes(args as unknown as ProduceArguments);
  }
  const compressed: ProduceArguments = {
    acks: -1,
    timeout: 1,
    compression: 1,
    topicData: [{ topic: 't', partitions: [{ partition: 0, messages: [plain] }] }],
  };
  assert.equal(isPlainRequest(compressed), false);
  await assertSameBytes(compressed);
});

test('checksums and hashes have the results of the original', () => {
  assert.equal(crc32c(Buffer.from('123456789'), 0, 9), 0xe3069283);
  fc.assert(
    fc.property(bytes(300), fc.nat(20), (data, offset) => {
      const start = Math.min(offset, data.length);
      assert.equal(crc32c(data, start, data.length), originalCrc32c(data.subarray(start)));
      assert.equal(murmur2(data), originalMurmur2(data));
    }),
  );
});
