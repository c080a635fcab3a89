import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttemptLimits, type AttemptRules } from './attempt-limits.ts';

const rules: AttemptRules = {
  byAddress: { burst: 3, refillMs: 1_000 },
  byName: { burst: 5, refillMs: 2_000 },
  maxKeys: 4,
};

test('one address has so many attempts, and one more after each pause', () => {
  const limits = new AttemptLimits(rules);
  for (const name of ['a', 'b', 'c']) assert.equal(limits.take('1', name, 0).kind, 'allowed');
  assert.deepEqual(limits.take('1', 'd', 400), { kind: 'limited', retryAfterSeconds: 1 });
  assert.equal(limits.take('1', 'd', 1_000).kind, 'allowed');
  assert.equal(limits.take('1', 'd', 1_001).kind, 'limited');
  assert.equal(limits.take('2', 'd', 1_001).kind, 'allowed', 'another address is not affected');
});

test('one name has so many attempts from all addresses together', () => {
  const limits = new AttemptLimits(rules);
  for (let address = 0; address < 5; address += 1) assert.equal(limits.take(`${address}`, 'ann', 0).kind, 'allowed');
  assert.deepEqual(limits.take('9', 'ann', 500), { kind: 'limited', retryAfterSeconds: 2 });
});

test('an attempt that is limited takes nothing', () => {
  const limits = new AttemptLimits(rules);
  for (let attempt = 0; attempt < 3; attempt += 1) limits.take('1', 'ann', 0);
  for (let attempt = 0; attempt < 50; attempt += 1) assert.equal(limits.take('1', 'ann', 1).kind, 'limited');
  assert.equal(limits.take('2', 'ann', 1).kind, 'allowed');
});

test('the right password gives its attempt back, and never more than there are', () => {
  const limits = new AttemptLimits(rules);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    assert.equal(limits.take('1', 'ann', 0).kind, 'allowed');
    limits.giveBack('1', 'ann');
  }
  limits.giveBack('1', 'ann');
  for (let attempt = 0; attempt < 3; attempt += 1) limits.take('1', 'ann', 0);
  assert.equal(limits.take('1', 'ann', 0).kind, 'limited');
});

test('only so many addresses are remembered, and those that try are', () => {
  const limits = new AttemptLimits(rules);
  for (let attempt = 0; attempt < 3; attempt += 1) limits.take('guessing', 'ann', 0);
  for (let other = 0; other < 20; other += 1) {
    limits.take(`other ${other}`, `name ${other}`, 0);
    assert.equal(limits.take('guessing', 'bob', 0).kind, 'limited');
  }
});
