import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alterRequest, assertAltered } from './alter-topic-settings.ts';
import { WireWriter } from './wire.ts';

const INVALID_CONFIG = 40;
const TOPIC = 2;

/** An answer for topics by name, each with the code of its error. */
function answerOf(topics: Readonly<Record<string, number>>): Buffer {
  const at = new WireWriter(false);
  at.int32(0).array(Object.entries(topics), ([name, errorCode]) => {
    at.byte(0).byte(errorCode);
    at.text(errorCode === 0 ? '' : 'Invalid value a');
    at.byte(TOPIC).text(name);
  });
  return at.bytes();
}

test('a request sets what it is given, names no other setting, and is not for trying only', () => {
  const { body } = alterRequest([{ name: 't', settings: { 'retention.ms': '5' } }]);
  const setting = '000c' + Buffer.from('retention.ms').toString('hex') + '00' + '000135';
  assert.equal(body.toString('hex'), '00000001' + '02' + '000174' + '00000001' + setting + '00');
});

test('a topic that is refused is an error with its name and the message of the broker', () => {
  assertAltered(answerOf({ a: 0, b: 0 }));
  assert.throws(() => assertAltered(answerOf({ a: 0, b: INVALID_CONFIG })), {
    type: 'INVALID_CONFIG',
    message: 'b: Invalid value a',
  });
});

test('an answer that ends early is an error, wherever it ends', () => {
  const whole = answerOf({ a: 0 });
  for (let length = 0; length < whole.length; length += 1) {
    assert.throws(() => assertAltered(whole.subarray(0, length)), RangeError, String(length));
  }
});
