import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mapperProgress, replayOrder } from '../testing/index.ts';
import { phaseOf } from './replay-phase.ts';
import { mapperProgressRecord, orderRecord, readReplayRecord } from './replay-record.ts';
import { ReplayTable } from './replay-table.ts';
import { totalsOf } from './replay-view.ts';

const END = 100;

test('late writes of former owners, and records read twice, change nothing', () => {
  const steps = fc.uniqueArray(fc.integer({ min: 0, max: END }), { minLength: 1, maxLength: 20 });
  const repeats = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 20 });
  fc.assert(
    fc.property(steps, repeats, (offsets, late) => {
      const told = offsets
        .toSorted((a, b) => a - b)
        .map((offset, index) => mapperProgress(BigInt(offset), { skipped: offset }, { atMs: index }));
      const written = [...told];
      for (const [which, where] of late) {
        const at = where % written.length;
        // Something that was told before this place.
        const earlier = written[which % (at + 1)];
        if (earlier !== undefined) written.splice(at + 1, 0, earlier);
      }
      const table = new ReplayTable();
      table.apply(readReplayRecord(orderRecord(replayOrder())));
      for (const progress of written) table.apply(readReplayRecord(mapperProgressRecord('r1', 0, progress)));
      const view = table.snapshot().replays.get('r1') ?? assert.fail('the replay is not known');
      assert.deepEqual(view.mapper.get(0), told.at(-1));
      const { offsets: all, offsetsLeft, events } = totalsOf(view);
      assert.equal(all, offsetsLeft + events.skipped);
      assert.equal(phaseOf(view) === 'finished', offsetsLeft === 0);
    }),
  );
});
