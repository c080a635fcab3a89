import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PagePermits, type PageHolder } from './page-permits.ts';

function holder(calls: string[], name: string): PageHolder {
  return { shed: () => void calls.push(`shed ${name}`), wake: () => void calls.push(`wake ${name}`) };
}

test('permits go to those who have asked first, and nobody overtakes', () => {
  const calls: string[] = [];
  const permits = new PagePermits(2);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => holder(calls, name)) as [PageHolder, PageHolder, PageHolder];
  assert.deepEqual([permits.take(a), permits.take(a), permits.take(b), permits.take(c)], [true, true, false, false]);
  assert.deepEqual(calls, ['shed a', 'shed a']);
  permits.giveBack(a, 1);
  assert.equal(calls.at(-1), 'wake b');
  assert.deepEqual([permits.take(a), permits.take(c)], [false, false], 'b is first');
  assert.deepEqual([permits.take(b), permits.heldBy(a), permits.heldBy(b)], [true, 1, 1]);
  permits.withdraw(c);
  permits.giveBack(b, 1);
  assert.equal(calls.at(-1), 'wake a');
  assert.equal(permits.take(a), true);
});

test('who withdraws lets the next one go first', () => {
  const calls: string[] = [];
  const permits = new PagePermits(1);
  const [a, b, c] = ['a', 'b', 'c'].map((name) => holder(calls, name)) as [PageHolder, PageHolder, PageHolder];
  permits.take(a);
  permits.take(b);
  permits.take(c);
  permits.giveBack(a, 1);
  permits.withdraw(b);
  assert.equal(calls.at(-1), 'wake c');
  assert.equal(permits.take(c), true);
});
