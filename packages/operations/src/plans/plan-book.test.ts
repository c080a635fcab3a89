import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlanBook } from './plan-book.ts';

const MINUTE_MS = 60_000;

function setUp() {
  let nowMs = 0;
  let ids = 0;
  const book = new PlanBook<string, number>(
    () => `p${(ids += 1)}`,
    () => nowMs,
  );
  return { book, pass: (ms: number) => (nowMs += ms) };
}

test('a plan is found until it expires, then its end is told, and one day later nothing is known of it', () => {
  const { book, pass } = setUp();
  const { id, expiresAtMs } = book.add('redrive');
  assert.equal(expiresAtMs, 15 * MINUTE_MS);
  const kindOf = () => book.find(id).kind;
  assert.equal(kindOf(), 'plan');
  pass(15 * MINUTE_MS);
  assert.deepEqual(book.find(id), { kind: 'expired', expiredAtMs: 15 * MINUTE_MS });
  pass(25 * 60 * MINUTE_MS);
  book.add('another');
  assert.equal(kindOf(), 'unknown');
});

test('a plan is carried out once, and one that failed can be tried again', async () => {
  const { book } = setUp();
  const plan = book.add('redrive');
  let calls = 0;
  const failing = book.execute(plan, () => Promise.reject(new Error('no broker answers')));
  await assert.rejects(failing, /no broker answers/);
  assert.equal(book.executed(plan.id), undefined);
  const both = [0, 1].map(() => book.execute(plan, async () => (calls += 1)));
  assert.deepEqual(await Promise.all(both), [1, 1]);
  assert.equal(await book.executed(plan.id), 1);
});

test('memory is bounded: of very many plans the oldest are gone', () => {
  const { book } = setUp();
  const first = book.add('first');
  for (let index = 0; index < 1_000; index += 1) book.add('more');
  assert.equal(book.find(first.id).kind, 'unknown');
});
