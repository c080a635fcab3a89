import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutgoingRecord, RecordPosition } from '@astrolabe/records';
import { Accumulator } from './accumulator.ts';
import { countArrayWork } from '../testing/array-work.ts';

const record: OutgoingRecord = { key: null, value: null, headers: {} };
const at = (offset: bigint): RecordPosition[] => [{ topic: 't', partition: 0, offset }];

test('a send of several parts is answered when the last part is, whatever their order', async () => {
  const queue = new Accumulator(10);
  const { promise } = queue.add('t', [record, record], [10, 10]);
  let settled = false;
  void promise.then(() => (settled = true));
  const [first] = queue.next();
  const [second] = queue.next();
  second?.resolve(at(8n));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(settled, false);
  first?.resolve(at(7n));
  assert.deepEqual(await promise, [...at(7n), ...at(8n)]);
});

test('once a part is refused the rest of its send is withdrawn, and the sends around it stay', async () => {
  const queue = new Accumulator(10);
  const cut = queue.add('t', [record, record, record], [10, 10, 10]);
  const other = queue.add('t', [record], [10]);
  const [first] = queue.next();
  const fault = new Error('refused');
  first?.reject(fault);
  await assert.rejects(cut.promise, fault);
  const [next] = queue.next();
  next?.resolve(at(0n));
  assert.deepEqual(await other.promise, at(0n));
  assert.deepEqual(queue.next(), []);
});

test('a send that its caller gives up is withdrawn, and what comes back of a part on its way is ignored', async () => {
  const queue = new Accumulator(10);
  const cut = queue.add('t', [record, record], [10, 10]);
  const [first] = queue.next();
  assert.equal(first?.isSettled(), false);
  const timeout = new Error('no acknowledgement in time');
  cut.reject(timeout);
  assert.equal(first.isSettled(), true);
  first.resolve(at(0n));
  await assert.rejects(cut.promise, timeout);
  assert.deepEqual(queue.next(), [], 'the second part never leaves');
});

test('who asks to hear of the end hears it once, be it before or after', () => {
  const queue = new Accumulator(10);
  const { promise, reject, onSettled } = queue.add('t', [record], [1]);
  promise.catch(() => undefined);
  const heard: string[] = [];
  onSettled(() => heard.push('before'));
  reject(new Error('over'));
  reject(new Error('over again'));
  onSettled(() => heard.push('after'));
  assert.deepEqual(heard, ['before', 'after']);
});

test('50,000 sends that wait and are given up one by one are withdrawn without a walk through those that wait', (t) => {
  const queue = new Accumulator(1_000);
  const sends = Array.from({ length: 50_000 }, () => queue.add('t', [record], [10]));
  const givenUp = new Error('given up');
  const touched = countArrayWork(t);
  for (const { promise, reject } of sends) {
    promise.catch(() => undefined);
    reject(givenUp);
  }
  assert.deepEqual(queue.next(), []);
  assert.ok(touched() < 10 * sends.length, `${touched()} elements of arrays were touched`);
});

test('records wait until a request takes them or their caller gives them up', () => {
  const queue = new Accumulator(20);
  queue.add('t', [record, record], [10, 10]);
  const given = queue.add('t', [record, record, record], [10, 10, 10]);
  given.promise.catch(() => undefined);
  assert.equal(queue.waitingRecords, 5);
  queue.next();
  assert.equal(queue.waitingRecords, 3);
  queue.next();
  assert.equal(queue.waitingRecords, 1);
  given.reject(new Error('no acknowledgement in time'));
  given.reject(new Error('no acknowledgement in time'));
  assert.equal(queue.waitingRecords, 0);
});
