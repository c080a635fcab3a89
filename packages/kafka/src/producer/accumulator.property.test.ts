import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutgoingRecord } from '@astrolabe/records';
import fc from 'fast-check';
import { Accumulator } from './accumulator.ts';

const MAX_REQUEST_BYTES = 100;

interface SendPlan {
  readonly topic: string;
  readonly sizes: readonly number[];
}

const sends: fc.Arbitrary<readonly SendPlan[]> = fc.array(
  fc.record({
    topic: fc.constantFrom('a', 'b'),
    sizes: fc.array(fc.integer({ min: 1, max: 130 }), { minLength: 1, maxLength: 12 }),
  }),
  { maxLength: 20 },
);

function recordNamed(name: string): OutgoingRecord {
  return { key: null, value: Buffer.from(name), headers: {} };
}

test('every record goes into exactly one request, in the order of arrival, and no request of several records is too large', async () => {
  await fc.assert(
    fc.asyncProperty(sends, async (plans) => {
      const queue = new Accumulator(MAX_REQUEST_BYTES);
      const sizeOf = new Map<string, number>();
      const expected: string[] = [];
      const promises = plans.map(({ topic, sizes }, send) => {
        const names = sizes.map((_, index) => `${topic}:${send}:${index}`);
        names.forEach((name, index) => sizeOf.set(name, sizes[index] ?? 0));
        expected.push(...names);
        return queue.add(topic, names.map(recordNamed), sizes).promise;
      });
      const taken: string[] = [];
      let offset = 0n;
      for (let request = queue.next(); request.length > 0; request = queue.next()) {
        const names = request.flatMap(({ topic, records }) =>
          records.map(({ value }) => {
            assert.ok(value?.toString().startsWith(topic));
            return String(value);
          }),
        );
        const bytes = names.reduce((sum, name) => sum + (sizeOf.get(name) ?? 0), 0);
        assert.ok(names.length === 1 || bytes <= MAX_REQUEST_BYTES);
        taken.push(...names);
        for (const send of request) {
          send.resolve(send.records.map(() => ({ topic: send.topic, partition: 0, offset: offset++ })));
        }
      }
      assert.deepEqual(taken, expected);
      // Positions come in the order of each caller's records, also where they went in several requests.
      const positions = (await Promise.all(promises)).flat();
      assert.deepEqual(
        positions.map(({ offset }) => offset),
        expected.map((_, index) => BigInt(index)),
      );
    }),
  );
});
