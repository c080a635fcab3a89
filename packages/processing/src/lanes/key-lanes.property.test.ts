import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeyLanes, type Lane } from './key-lanes.ts';

type Step =
  | { readonly kind: 'add'; readonly key: string; readonly endsAtOnce: boolean }
  | { readonly kind: 'end'; readonly pick: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('add' as const),
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    endsAtOnce: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('end' as const), pick: fc.nat() }),
);

interface Item {
  readonly key: string;
  readonly index: number;
  readonly endsAtOnce: boolean;
  lane?: Lane<Item>;
}

test('whatever ends when, each key sees its items once, in order, and never two at a time', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const running: Item[] = [];
      const seen = new Map<string, number[]>();
      const added = new Map<string, number[]>();
      const lanes = new KeyLanes<Item>((item) => {
        assert.ok(!running.some(({ key }) => key === item.key), 'two items of a key at a time');
        seen.set(item.key, [...(seen.get(item.key) ?? []), item.index]);
        if (item.endsAtOnce && item.lane !== undefined) lanes.next(item.lane);
        else running.push(item);
      });
      const end = (item: Item | undefined): void => {
        if (item?.lane === undefined) return;
        running.splice(running.indexOf(item), 1);
        lanes.next(item.lane);
      };
      for (const [index, step] of steps.entries()) {
        if (step.kind === 'end') {
          end(running[step.pick % Math.max(1, running.length)]);
          continue;
        }
        const item: Item = { key: step.key, index, endsAtOnce: step.endsAtOnce };
        added.set(step.key, [...(added.get(step.key) ?? []), index]);
        item.lane = lanes.add(step.key, item);
        lanes.run(item.lane);
      }
      while (running.length > 0) end(running[0]);
      assert.deepEqual(seen, added);
      assert.deepEqual([lanes.waitingCount, lanes.laneCount], [0, 0]);
    }),
    { numRuns: 300 },
  );
});
