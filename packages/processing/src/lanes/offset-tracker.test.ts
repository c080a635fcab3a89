import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OffsetTracker } from './offset-tracker.ts';
import { openTracker, type Tracked } from '../testing/tracked.ts';

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

test('100,000 records that wait behind one unfinished record are released in linear time', () => {
  const count = 100_000;
  let looks = 0;
  const tracker = new OffsetTracker<Tracked>(0n, ({ done }) => {
    looks += 1;
    return done;
  });
  const all = Array.from({ length: count }, (_, index) => ({ offset: BigInt(index), done: false }));
  for (const tracked of all) tracker.track(tracked);
  for (const tracked of [...all.slice(1), ...all.slice(0, 1)]) {
    tracked.done = true;
    tracker.settle();
  }
  assert.equal(tracker.committableOffset, BigInt(count));
  assert.equal(tracker.pendingCount, 0);
  assert.ok(looks < 5 * count, `${looks} looks`);
});
