import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerReader } from './answer-reader.ts';

const answer = Buffer.from('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\nretry-after: 1\r\n\r\nhello');

test('an answer is read however the network cuts it, and the next one after it', () => {
  const reader = new AnswerReader();
  for (let repetition = 0; repetition < 2; repetition += 1) {
    for (let cut = 1; cut < answer.length; cut += 1) {
      assert.equal(reader.push(answer.subarray(0, cut)), undefined);
      assert.deepEqual(reader.push(answer.subarray(cut)), { status: 503, body: 'hello' });
    }
  }
});

test('answers that cannot be told apart are a fault of the measurement, not zeros', () => {
  assert.throws(() => new AnswerReader().push(Buffer.concat([answer, answer])), /more than one/);
  assert.throws(() => new AnswerReader().push(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), /content-length/);
});
