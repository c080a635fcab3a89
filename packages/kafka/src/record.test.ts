import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KafkaMessage } from './kafkajs/index.ts';
import { toConsumedRecord } from './kafkajs-record.ts';
import { recordSizeBytes } from './record.ts';

const plainMessage: KafkaMessage = { key: null, value: null, timestamp: '0', attributes: 0, offset: '0', headers: {} };

test('the size of a record is never below what the broker counts, headers and framing included', () => {
  assert.equal(recordSizeBytes({ key: null, value: null, headers: {} }), 40);
  assert.equal(
    recordSizeBytes({ key: Buffer.alloc(3), value: Buffer.alloc(500), headers: { abc: Buffer.alloc(7) } }),
    40 + 3 + 500 + 1 + 3 + 1 + 7,
  );
});

test('headers are charged with their bytes on the wire, so that however many a record has, its dead letter has a place', () => {
  const sizes = [0, 1, 63, 64, 8_191, 8_192, 1_048_575, 1_048_576];
  for (const size of sizes) {
    const lengthBytes = size < 64 ? 1 : size < 8_192 ? 2 : size < 1_048_576 ? 3 : 4;
    const headers = { a: Buffer.alloc(size) };
    assert.equal(recordSizeBytes({ key: null, value: null, headers }), 40 + 2 + lengthBytes + size);
  }
  const name = '\u{1F600}'.repeat(100);
  assert.equal(recordSizeBytes({ key: null, value: null, headers: { [name]: Buffer.alloc(0) } }), 40 + 2 + 400 + 1);
});

test('a message of kafkajs becomes a record with offsets of 64 bits and the last value of a repeated header', () => {
  const message = {
    ...plainMessage,
    timestamp: '1700000000000',
    offset: '9223372036854775807',
    headers: { once: Buffer.from('1'), twice: [Buffer.from('1'), Buffer.from('2')], text: 'abc', none: undefined },
  };
  const record = toConsumedRecord('t', 3, message);
  assert.equal(record.offset, 2n ** 63n - 1n);
  assert.equal(record.timestampMs, 1_700_000_000_000);
  assert.deepEqual(
    { ...record.headers },
    { once: Buffer.from('1'), twice: Buffer.from('2'), text: Buffer.from('abc') },
  );
});

test('a header may have any name, those of Object.prototype included', () => {
  const headers = JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, string>;
  const record = toConsumedRecord('t', 0, { ...plainMessage, headers });
  assert.deepEqual(Object.keys(record.headers), ['__proto__', 'constructor']);
  const without = toConsumedRecord('t', 0, { ...plainMessage, headers: {} });
  assert.equal(without.headers['constructor'], undefined);
});
