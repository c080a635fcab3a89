import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FairQueue } from './fair-queue.ts';

const names = ['a', 'b', 'c'] as const;
const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('push' as const),
      sender: fc.constantFrom(...names),
      cost: fc.integer({ min: 1, max: 80 }),
    }),
    fc.record({ kind: fc.constant('shift' as const) }),
  ),
  { maxLength: 200 },
);

test("each item comes out once, and a sender's items in the order in which they came in", () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const queue = new FairQueue<{ readonly number: number; readonly cost: number }>();
      const waiting = new Map<string, number[]>(names.map((name) => [name, []]));
      const shift = (): void => {
        const next = queue.shift();
        const total = [...waiting.values()].flat().length;
        if (next === undefined) return assert.equal(total, 0);
        assert.equal(waiting.get(next.sender)?.shift(), next.item.number);
        queue.charge(next.sender, next.item.cost);
      };
      for (const [number, step] of sequence.entries()) {
        if (step.kind === 'push') {
          queue.push(step.sender, { number, cost: step.cost });
          waiting.get(step.sender)?.push(number);
        } else shift();
        assert.equal(queue.size, [...waiting.values()].flat().length);
      }
      while (queue.size > 0) shift();
    }),
  );
});

test('no sender who always has items waiting is ahead of another such sender by more than one item', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(...names.map(() => fc.integer({ min: 1, max: 80 }))), { minLength: 1, maxLength: 60 }),
      (costs) => {
        const queue = new FairQueue<number>();
        for (const row of costs) for (const [at, cost] of row.entries()) queue.push(names[at] ?? '', cost);
        const served = new Map<string, number>(names.map((name) => [name, 0]));
        const left = new Map<string, number>(names.map((name) => [name, costs.length]));
        while ([...left.values()].every((items) => items > 0)) {
          const { sender, item } = queue.shift() ?? assert.fail();
          queue.charge(sender, item);
          left.set(sender, (left.get(sender) ?? 0) - 1);
          served.set(sender, (served.get(sender) ?? 0) + item);
          assert.ok(Math.max(...served.values()) - Math.min(...served.values()) <= 80);
        }
      },
    ),
  );
});

test('a sender who returns after a pause is next, and another is not made to wait for having been alone', () => {
  const queue = new FairQueue<string>();
  for (let item = 0; item < 1_000; item += 1) queue.charge('alone', 80);
  for (const number of [1, 2, 3, 4]) queue.push('alone', `alone ${number}`);
  const next = (): string => {
    const { sender, item } = queue.shift() ?? assert.fail();
    queue.charge(sender, 80);
    return item;
  };
  assert.equal(next(), 'alone 1');
  for (const number of [1, 2, 3]) queue.push('newcomer', `newcomer ${number}`);
  assert.deepEqual(Array.from({ length: 6 }, next), [
    'newcomer 1',
    'alone 2',
    'newcomer 2',
    'alone 3',
    'newcomer 3',
    'alone 4',
  ]);
  assert.equal(queue.shift(), undefined);
});
