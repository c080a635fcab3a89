import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchWindows, timeInId } from './search-windows.ts';

const NOW = Date.UTC(2026, 10, 24, 12);
const DAY_MS = 86_400_000;

test('the time in an id is read where it has one', () => {
  const uuid = '0b8bcd3c-9e5c-4c3c-8d3a-0f6f6d1a2b3c';
  assert.equal(timeInId(`node-next-1780000000000-${uuid}`), 1_780_000_000_000);
  assert.equal(timeInId(`ajs-next-1780000000001-${uuid}`), 1_780_000_000_001);
  assert.equal(timeInId('019e6b8f-5000-7abc-8def-0123456789ab'), 0x019e6b8f5000);
  for (const id of [uuid, 'm1', 'node-next-x-1']) assert.equal(timeInId(id), undefined);
});

test('the windows cover everything from the oldest record on, the newest first', () => {
  const oldest = NOW - 7 * DAY_MS;
  const windows = searchWindows('m1', NOW, oldest);
  assert.ok((windows[0]?.untilMs ?? 0) > NOW);
  assert.equal(windows.at(-1)?.fromMs, oldest);
  for (const [index, window] of windows.entries()) {
    if (index > 0) assert.equal(window.untilMs, windows[index - 1]?.fromMs);
  }
  assert.ok(windows.length <= 8);
});

test('an id that tells its time is looked for there first', () => {
  const madeAt = NOW - 3 * DAY_MS;
  const [first] = searchWindows(`node-next-${madeAt}-x`, NOW, NOW - 7 * DAY_MS);
  assert.ok(first !== undefined && first.fromMs <= madeAt && first.untilMs > madeAt);
  assert.ok(first.untilMs - first.fromMs < 60_000);
});
