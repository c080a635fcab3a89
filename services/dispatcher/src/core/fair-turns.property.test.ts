import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FairTurns } from './fair-turns.ts';

interface Piece {
  readonly connector: string;
}

/** A connector adds a piece, or (`undefined`) one is taken. */
const steps = fc.array(fc.option(fc.constantFrom('flooding', 'quiet', 'other'), { nil: undefined, freq: 2 }), {
  maxLength: 200,
});

test('each piece is taken once, those of a connector in their order, and none at the head waits for two of another connector', () => {
  fc.assert(
    fc.property(steps, (each) => {
      const turns = new FairTurns<Piece>();
      const waiting = new Map<string, Piece[]>();
      /** By connector that waits, who was served since its own last turn. */
      const servedMeanwhile = new Map<string, Set<string>>();
      const take = (): boolean => {
        const taken = turns.take();
        if (taken === undefined) return false;
        const { connector } = taken;
        const own = waiting.get(connector) ?? [];
        assert.equal(own.shift(), taken);
        servedMeanwhile.delete(connector);
        for (const [other, served] of servedMeanwhile) {
          assert.ok(!served.has(connector), `${other} waits while ${connector} is served twice`);
          served.add(connector);
        }
        if (own.length > 0) servedMeanwhile.set(connector, new Set());
        return true;
      };
      for (const connector of each) {
        if (connector === undefined) {
          take();
          continue;
        }
        const piece = { connector };
        turns.add(connector, piece);
        waiting.set(connector, [...(waiting.get(connector) ?? []), piece]);
        if (!servedMeanwhile.has(connector)) servedMeanwhile.set(connector, new Set());
      }
      while (take());
      assert.deepEqual([...waiting.values()].flat(), []);
      assert.equal(turns.size, 0);
    }),
  );
});
