import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplayWindow } from './replay-window.ts';

class Line {
  inHand = { records: 0, bytes: 0 };
}

/** Takes all that there is room for, of records of that size. */
function fill(window: ReplayWindow, line: Line, bytes: number): number {
  while (window.hasRoom(line)) {
    line.inHand = { records: line.inHand.records + 1, bytes: line.inHand.bytes + bytes };
  }
  return line.inHand.records;
}

test('however many replays cannot go on, there is room for another, and all together hold no more than two windows', () => {
  const window = new ReplayWindow();
  const lines = Array.from({ length: 30 }, () => new Line());
  const held = lines.map((line) => {
    window.add(line);
    return fill(window, line, 10);
  });
  assert.equal(held[0], 2_000);
  assert.ok(held.every((records) => records > 0));
  assert.ok(window.inHandRecords <= 4_000 + lines.length, `${window.inHandRecords} records`);
});

test('large records fill a window by their bytes, and one is taken whatever its size', () => {
  const window = new ReplayWindow();
  const [first, second] = [new Line(), new Line()];
  window.add(first);
  window.add(second);
  assert.equal(fill(window, first, 1_048_576), 4);
  first.inHand = { records: 1, bytes: 20_000_000 };
  assert.equal(fill(window, second, 1_000_000), 1);
});

test('a replay goes on when half of its window is free', () => {
  const window = new ReplayWindow();
  const line = new Line();
  window.add(line);
  fill(window, line, 10);
  line.inHand = { records: 1_000, bytes: 10_000 };
  assert.ok(!window.isHalfFree(line));
  line.inHand = { records: 999, bytes: 9_990 };
  assert.ok(window.isHalfFree(line));
});
