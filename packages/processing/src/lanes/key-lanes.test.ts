import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countArrayWork } from '@astrolabe/kafka/testing';
import { KeyLanes, type Lane } from './key-lanes.ts';

/** Lanes of named items that a test ends one by one. */
function createLanes() {
  const started: string[] = [];
  const laneOf = new Map<string, Lane<string>>();
  const lanes = new KeyLanes<string>((item) => void started.push(item));
  const add = (item: string): void => {
    const lane = lanes.add(item.slice(0, 1), item);
    laneOf.set(item, lane);
    lanes.run(lane);
  };
  const replay = (item: string): void => {
    const lane = lanes.addReplayed(item.slice(0, 1), item);
    laneOf.set(item, lane);
    lanes.run(lane);
  };
  const end = (item: string): void => {
    const lane = laneOf.get(item);
    assert.ok(lane);
    lanes.next(lane);
  };
  return { lanes, started, add, replay, end, laneOf };
}

test('items of one key start one after the other, in the order in which they were added', () => {
  const { lanes, started, add, end } = createLanes();
  for (const item of ['a1', 'a2', 'a3']) add(item);
  assert.deepEqual(started, ['a1']);
  end('a1');
  assert.deepEqual(started, ['a1', 'a2']);
  add('a4');
  for (const item of ['a2', 'a3', 'a4']) end(item);
  assert.deepEqual(started, ['a1', 'a2', 'a3', 'a4']);
  assert.deepEqual([lanes.waitingCount, lanes.laneCount], [0, 0], 'a lane without items is forgotten');
});

test('items of different keys go on side by side', () => {
  const { lanes, started, add, end } = createLanes();
  for (const item of ['a', 'b', 'c']) add(item);
  assert.deepEqual(started, ['a', 'b', 'c']);
  assert.deepEqual(lanes.underWay(), ['a', 'b', 'c']);
  end('c');
  end('a');
  assert.deepEqual(lanes.underWay(), ['b']);
});

test('a blocked lane takes and starts nothing more, and the other lanes go on', () => {
  const { lanes, started, add, end, laneOf } = createLanes();
  for (const item of ['a1', 'a2', 'b1', 'b2']) add(item);
  const lane = laneOf.get('a1');
  assert.ok(lane);
  lanes.block(lane);
  add('a3');
  assert.equal(lanes.waitingCount, 1, 'items behind the fault no longer count as waiting');
  end('b1');
  assert.deepEqual(started, ['a1', 'b1', 'b2']);
});

test('items that are removed never start, and the one under way is not removed', () => {
  const { lanes, started, add, end, laneOf } = createLanes();
  for (const item of ['a1', 'a2', 'a3']) add(item);
  const lane = laneOf.get('a1');
  assert.ok(lane);
  lanes.remove(lane, (item) => item !== 'a3');
  assert.equal(lanes.waitingCount, 1);
  end('a1');
  assert.deepEqual(started, ['a1', 'a3']);
});

test('closed lanes start nothing more and let what is under way go on', () => {
  const { lanes, started, add, end } = createLanes();
  add('a1');
  add('a2');
  lanes.close();
  add('b1');
  end('a1');
  assert.deepEqual(started, ['a1']);
});

test('a hot key of 100,000 items that end within their start is worked off without a deep stack, and moves its items seldom', (t) => {
  let lane: Lane<number> | undefined;
  let next = 0;
  const lanes = new KeyLanes<number>((item) => {
    assert.equal(item, next);
    next += 1;
    if (lane !== undefined) lanes.next(lane);
  });
  const touched = countArrayWork(t);
  for (let item = 0; item < 100_000; item += 1) lane = lanes.add('hot', item);
  assert.ok(lane);
  lanes.run(lane);
  assert.deepEqual([next, lanes.waitingCount, lanes.laneCount], [100_000, 0, 0]);
  // In batches of 256 each item is moved 200 times; one by one it would be 50,000 times.
  assert.ok(touched() < 100_000 * 400, `${touched()} elements of arrays were touched`);
});

test('replayed items start when nothing live of their key waits, and are in order among themselves', () => {
  const { lanes, started, add, replay, end } = createLanes();
  for (const item of ['a1', 'a2']) add(item);
  for (const item of ['ar1', 'ar2', 'br1']) replay(item);
  end('a1');
  add('a3');
  for (const item of ['a2', 'a3', 'ar1']) end(item);
  assert.deepEqual(started, ['a1', 'br1', 'a2', 'a3', 'ar1', 'ar2']);
  for (const item of ['ar2', 'br1']) end(item);
  assert.deepEqual([lanes.waitingCount, lanes.laneCount], [0, 0]);
});

test('a replayed item that is put back starts again when the live ones have ended, before the others of its class', () => {
  const { lanes, started, add, replay, end, laneOf } = createLanes();
  for (const item of ['ar1', 'ar2']) replay(item);
  const lane = laneOf.get('ar1');
  assert.ok(lane);
  assert.equal(lanes.replayedUnderWay(lane), 'ar1');
  assert.equal(lanes.hasLive(lane), false);
  lanes.putBack(lane);
  add('a1');
  assert.equal(lanes.replayedUnderWay(lane), undefined);
  assert.ok(lanes.hasLive(lane));
  for (const item of ['a1', 'ar1', 'ar2']) end(item);
  assert.deepEqual(started, ['ar1', 'a1', 'ar1', 'ar2']);
  assert.deepEqual([lanes.waitingCount, lanes.laneCount], [0, 0]);
});

test('replayed items that are removed never start, and a lane that is blocked takes none', () => {
  const { lanes, started, replay, end, laneOf } = createLanes();
  for (const item of ['ar1', 'ar2', 'ar3', 'br1', 'br2']) replay(item);
  const [lane, blocked] = [laneOf.get('ar1'), laneOf.get('br1')];
  assert.ok(lane !== undefined && blocked !== undefined);
  lanes.remove(lane, (item) => item === 'ar2');
  end('ar1');
  lanes.block(blocked);
  replay('br3');
  assert.deepEqual(started, ['ar1', 'br1', 'ar3']);
  assert.equal(lanes.waitingCount, 0);
});
