import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { startProgress } from './progress.ts';

function screen(isTerminal: boolean) {
  const clock = createManualClock(0);
  const written: string[] = [];
  return {
    clock,
    written,
    progress: startProgress({ write: (text) => written.push(text), isTerminal, clock }, 'reading', 'records'),
  };
}

test('work that ends within a second shows no progress', async () => {
  for (const isTerminal of [true, false]) {
    const { clock, written, progress } = screen(isTerminal);
    progress.update({ done: 1, total: 2 });
    await clock.advance(999);
    progress.update({ done: 2, total: 2 });
    progress.end();
    assert.deepEqual(written, []);
  }
});

test('on a terminal the bar is overwritten, and removed at the end', async () => {
  const { clock, written, progress } = screen(true);
  await clock.advance(1_000);
  progress.update({ done: 1, total: 4 });
  await clock.advance(100);
  progress.update({ done: 2, total: 4 });
  await clock.advance(100);
  progress.update({ done: 3, total: 4 });
  progress.note('a.ndjson:3: not JSON');
  progress.end();
  assert.deepEqual(written, [
    'reading [#####...............] 25%  1 of 4 records, 1/s, 3 s left',
    '\r\u001b[2K',
    'reading [###############.....] 75%  3 of 4 records, 3/s, 400 ms left',
    '\r\u001b[2K',
    'a.ndjson:3: not JSON\n',
  ]);
});

test('without a terminal progress is a whole line now and then', async () => {
  const { clock, written, progress } = screen(false);
  for (let second = 1; second <= 7; second += 1) {
    await clock.advance(1_000);
    progress.update({ done: second });
  }
  progress.end();
  assert.deepEqual(written, ['reading  1 records, 1/s\n', 'reading  6 records, 1/s\n']);
});
