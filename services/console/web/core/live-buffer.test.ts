import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addRows, clear, countDropped, EMPTY_BUFFER, MAX_ROWS, pause, resume, type LiveBuffer } from './live-buffer.ts';

const empty: LiveBuffer<number> = EMPTY_BUFFER;

test('the newest rows are on top, and the oldest go', () => {
  const full = addRows(
    addRows(empty, [1, 2, 3]),
    Array.from({ length: MAX_ROWS }, (_, index) => index + 4),
  );
  assert.equal(full.rows.length, MAX_ROWS);
  assert.deepEqual([full.rows[0], full.rows.at(-1), full.received], [MAX_ROWS + 3, 4, MAX_ROWS + 3]);
});

test('a pause keeps what is seen as it is, and says what came and what found no place', () => {
  const paused = addRows(pause(addRows(empty, [1, 2])), [3, 4]);
  assert.deepEqual(
    [paused.rows, paused.held],
    [
      [2, 1],
      [4, 3],
    ],
  );
  const overflown = addRows(
    paused,
    Array.from({ length: MAX_ROWS }, (_, index) => index + 5),
  );
  assert.equal(overflown.heldDropped, 2);
  assert.equal(pause(overflown), overflown);
  const resumed = resume(overflown);
  assert.deepEqual([resumed.rows[0], resumed.held, resumed.heldDropped], [MAX_ROWS + 4, undefined, 0]);
  assert.equal(resume(resumed), resumed);
});

test('what the server left out is added up, and cleared with the rows', () => {
  const counted = countDropped(countDropped(pause(addRows(empty, [1])), 5), 7);
  assert.equal(counted.serverDropped, 12);
  assert.deepEqual(clear(counted), { ...EMPTY_BUFFER, held: [] });
  assert.deepEqual(clear(resume(counted)), EMPTY_BUFFER);
});

test('whatever happens, it holds no more than the bound, and no row is lost without being counted', () => {
  const step = fc.oneof(
    fc.integer({ min: 0, max: 700 }).map((count) => ({ kind: 'rows', count }) as const),
    fc.constantFrom({ kind: 'pause' } as const, { kind: 'resume' } as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      let buffer = empty;
      let next = 0;
      for (const each of steps) {
        if (each.kind === 'pause') buffer = pause(buffer);
        else if (each.kind === 'resume') buffer = resume(buffer);
        else
          buffer = addRows(
            buffer,
            Array.from({ length: each.count }, () => next++),
          );
        assert.ok(buffer.rows.length <= MAX_ROWS && (buffer.held?.length ?? 0) <= MAX_ROWS);
        assert.equal(buffer.received, next);
        const newest = buffer.held ?? buffer.rows;
        if (next > 0 && newest.length > 0) assert.equal(newest[0], next - 1);
      }
    }),
  );
});
