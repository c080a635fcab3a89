import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBudget } from './byte-budget.ts';

const MIN_READ_MS = 2_000;

function createBudget(maxBytes: number, nowMs = () => 0): ByteBudget {
  return new ByteBudget({ maxBytes, minReadMs: MIN_READ_MS, nowMs });
}

test('a request beyond the budget is refused and takes nothing', () => {
  const budget = createBudget(100);
  const first = budget.open();
  const second = budget.open();
  assert.equal(first.take(60), true);
  assert.equal(second.take(41), false);
  assert.equal(second.take(40), true);
  assert.equal(budget.heldBytes, 100);
  assert.equal(budget.hasRoomFor(1), false);
});

test('a hold gives back everything that it took, once', () => {
  const budget = createBudget(100);
  const hold = budget.open();
  hold.take(30);
  hold.take(40);
  hold.release();
  hold.release();
  assert.equal(budget.heldBytes, 0);
});

test('a connector holds at most as much as is left, so others have room', () => {
  const budget = createBudget(120);
  const hold = (connectorId: string, bytes: number) => {
    const opened = budget.open();
    assert.equal(opened.take(bytes), true);
    const isClaimed = opened.claim(connectorId);
    if (!isClaimed) opened.release();
    return { isClaimed, release: () => opened.release() };
  };
  const [first] = [hold('a', 30), hold('a', 30)];
  assert.equal(hold('a', 1).isClaimed, false, 'alone it has half');
  assert.equal(hold('b', 20).isClaimed, true);
  assert.equal(hold('b', 1).isClaimed, true);
  assert.equal(hold('a', 1).isClaimed, false);
  assert.equal(hold('b', 20).isClaimed, false, 'it would hold 41, with 19 left');
  first.release();
  assert.equal(hold('b', 18).isClaimed, true);
  assert.equal(hold('c', 30).isClaimed, true, 'who holds nothing yet is bound by the whole only');
  assert.equal(budget.heldBytes, 99);
});

test("a connector's first request may be as large as the budget, and what it gives back is free for the next", () => {
  const budget = createBudget(100);
  for (let round = 0; round < 3; round += 1) {
    const hold = budget.open();
    assert.equal(hold.take(90), true);
    assert.equal(hold.claim('a'), true);
    assert.equal(hold.take(10), true);
    hold.release();
    hold.release();
    assert.equal(budget.heldBytes, 0);
  }
});

test('if there is no room, bodies that are read for too long are given up, the oldest first and no more than needed', () => {
  let nowMs = 0;
  const budget = createBudget(100, () => nowMs);
  const givenUp: string[] = [];
  const read = (name: string, bytes: number) => {
    const hold = budget.open();
    const end = hold.reading(() => givenUp.push(name));
    assert.equal(hold.take(bytes), true);
    return { hold, end };
  };
  const whole = read('whole', 10);
  whole.end();
  const slow = read('slow', 40);
  nowMs = 1;
  read('slow too', 30);
  nowMs = 2;
  read('new', 20);
  assert.equal(budget.hasRoomFor(1), false, 'nobody has waited for too long');
  nowMs = MIN_READ_MS + 1;
  assert.equal(budget.hasRoomFor(40), true);
  assert.deepEqual(givenUp, ['slow']);
  assert.equal(budget.heldBytes, 60);
  assert.equal(slow.hold.take(1), false, 'what was given up takes nothing more');
  slow.hold.release();
  assert.equal(budget.heldBytes, 60);
  assert.equal(budget.hasRoomFor(90), false, 'a body that is there in full, and one that is new, stay');
  assert.deepEqual(givenUp, ['slow', 'slow too']);
});
