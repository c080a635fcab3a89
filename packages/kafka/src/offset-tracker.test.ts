import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countArrayWork } from './testing/array-work.ts';
import { openTracker } from './testing/tracked.ts';

test('an unfinished record holds the committable offset back, and its end releases all that finished behind it', () => {
  const tracker = openTracker(10n);
  const first = tracker.track(10n);
  const others = [11n, 12n, 13n].map((offset) => tracker.track(offset));
  assert.deepEqual(
    others.map((tracked) => tracker.complete(tracked)),
    [false, false, false],
  );
  assert.equal(tracker.committableOffset, 10n);
  assert.equal(tracker.complete(first), true);
  assert.equal(tracker.committableOffset, 14n);
});

test('offsets without a record, left by compaction or by transaction markers, count as finished', () => {
  const tracker = openTracker(0n);
  const tracked = tracker.track(5n);
  assert.equal(tracker.committableOffset, 5n);
  tracker.advanceTo(8n);
  assert.equal(tracker.committableOffset, 5n);
  tracker.complete(tracked);
  assert.equal(tracker.committableOffset, 8n);
  tracker.advanceTo(3n);
  assert.equal(tracker.position, 8n, 'a position never goes back');
});

test('100,000 records that wait behind one unfinished record are released with a few looks at each', (t) => {
  const tracker = openTracker(0n);
  const count = 100_000;
  const all = Array.from({ length: count }, (_, index) => tracker.track(BigInt(index)));
  const [first, ...others] = all;
  assert.ok(first);
  const touched = countArrayWork(t);
  const looks = tracker.looks();
  for (const tracked of others) tracker.complete(tracked);
  assert.equal(tracker.pendingCount, count);
  tracker.complete(first);
  assert.equal(tracker.committableOffset, BigInt(count));
  assert.equal(tracker.pendingCount, 0);
  assert.ok(tracker.looks() - looks < 5 * count, `${tracker.looks() - looks} looks`);
  assert.ok(touched() < 10 * count, `${touched()} elements of arrays were touched`);
});
