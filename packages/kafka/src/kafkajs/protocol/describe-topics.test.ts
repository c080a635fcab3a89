import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metadataRequest, parseMetadata } from './describe-topics.ts';
import { WireWriter } from './wire.ts';

const UUID = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

/** An answer of a broker with one node, for topics `a` (2 partitions) and `gone`. */
function answerOf(version: number): Buffer {
  const isFlexible = version >= 10;
  const at = new WireWriter(isFlexible);
  at.int32(0).array([1], (id) => at.int32(id).text('host').int32(9_092).text('rack').tags());
  at.text('cluster').int32(1);
  at.array(['a', 'gone'], (name) => {
    raw(at, name === 'a' ? [0, 0] : [0, 3]).text(name);
    if (isFlexible) raw(at, name === 'a' ? [...UUID] : Array.from<number>({ length: 16 }).fill(0));
    at.boolean(false).array(name === 'a' ? [0, 1] : [], (partition) => {
      raw(at, [0, 0]).int32(partition).int32(1).int32(5);
      for (const nodes of [[1, 2], [1], []]) at.array(nodes, (node) => at.int32(node));
      at.tags();
    });
    at.int32(name === 'a' ? 0b1_0000_1000 : -2_147_483_648).tags();
  });
  at.int32(-2_147_483_648).tags();
  return at.bytes();
}

function raw(at: WireWriter, bytes: readonly number[]): WireWriter {
  for (const byte of bytes) at.byte(byte);
  return at;
}

test('topics are read from both encodings, with ids where the version has them', () => {
  for (const version of [8, 10]) {
    const topicId = version === 10 ? UUID.toString('base64url') : undefined;
    assert.deepEqual(parseMetadata(answerOf(version), version), [
      { name: 'a', errorCode: 0, topicId, partitions: 2, allowedOperations: 0b1_0000_1000 },
      { name: 'gone', errorCode: 3, topicId: undefined, partitions: 0, allowedOperations: undefined },
    ]);
  }
});

test('an answer that ends early is an error, wherever it ends', () => {
  for (const version of [8, 10]) {
    const whole = answerOf(version);
    for (let length = 0; length < whole.length - 6; length += 1) {
      assert.throws(() => parseMetadata(whole.subarray(0, length), version), RangeError, String(length));
    }
  }
});

test('a request asks for its topics, creates none, and wants to know what is allowed', () => {
  assert.equal(metadataRequest(['a'], 8).body.toString('hex'), '00000001' + '000161' + '000001');
  const flexible = metadataRequest(['a'], 10).body.toString('hex');
  assert.equal(flexible, '00' + '02' + '00'.repeat(16) + '0261' + '00' + '000001' + '00');
});
