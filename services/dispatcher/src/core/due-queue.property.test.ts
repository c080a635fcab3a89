import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DueQueue } from './due-queue.ts';

test('what is due comes in the order of its time, and nothing comes before it', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(100), fc.constant('take' as const)), { maxLength: 200 }), (steps) => {
      const queue = new DueQueue<number>();
      let model: number[] = [];
      for (const step of steps) {
        if (step !== 'take') {
          queue.add(step, step);
          model = [...model, step].sort((a, b) => a - b);
        } else {
          assert.equal(queue.nextDueMs, model[0]);
          assert.equal(queue.take((model[0] ?? 0) - 1), undefined);
          assert.equal(queue.take(model[0] ?? 0), model.shift());
        }
        assert.equal(queue.size, model.length);
      }
    }),
  );
});
