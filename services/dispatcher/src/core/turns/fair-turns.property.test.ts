import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FairTurns, type WorkKind } from './fair-turns.ts';

interface Piece {
  readonly connector: string;
  readonly kind: WorkKind;
}

const piece = fc.record({
  connector: fc.constantFrom('flooding', 'quiet', 'other'),
  kind: fc.constantFrom<WorkKind>('answer', 'start'),
});
/** A connector adds a piece, or (`undefined`) one is taken. */
const steps = fc.array(fc.option(piece, { nil: undefined, freq: 2 }), { maxLength: 200 });

test('each piece is taken once, of a connector answers before starts and both in their order, and none at the head waits for two of another connector', () => {
  fc.assert(
    fc.property(steps, (each) => {
      const turns = new FairTurns<Piece>();
      const waiting = new Map<string, Piece[]>();
      /** By connector that waits, who was served since its own last turn. */
      const servedMeanwhile = new Map<string, Set<string>>();
      const take = (): boolean => {
        const taken = turns.take();
        if (taken === undefined) return false;
        const { connectorId: connector, item } = taken;
        const own = waiting.get(connector) ?? [];
        const first = own.find(({ kind }) => kind === 'answer') ?? own[0];
        assert.equal(item, first);
        own.splice(own.indexOf(item), 1);
        servedMeanwhile.delete(connector);
        for (const [other, served] of servedMeanwhile) {
          assert.ok(!served.has(connector), `${other} waits while ${connector} is served twice`);
          served.add(connector);
        }
        if (own.length > 0) servedMeanwhile.set(connector, new Set());
        return true;
      };
      for (const added of each) {
        if (added === undefined) {
          take();
          continue;
        }
        const { connector, kind } = added;
        turns.add(connector, kind, added);
        waiting.set(connector, [...(waiting.get(connector) ?? []), added]);
        assert.ok(turns.has(connector));
        if (!servedMeanwhile.has(connector)) servedMeanwhile.set(connector, new Set());
      }
      while (take());
      assert.deepEqual([...waiting.values()].flat(), []);
      assert.equal(turns.size, 0);
    }),
  );
});
