import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LifeSpan } from './life-span.ts';
import { sideBySideMs } from './side-by-side.ts';

function span(side: LifeSpan['side'], workedFromMs: number | undefined, endedAtMs: number | undefined): LifeSpan {
  return {
    service: 'mapper',
    instance: 'mapper-1',
    life: 1,
    side,
    end: endedAtMs === undefined ? 'running' : 'stopped',
    beganAtMs: 0,
    workedFromMs,
    endedAtMs,
    fault: undefined,
  };
}

test('the time counts in which both revisions work, from the first partitions of the one to the end of the other', () => {
  assert.equal(sideBySideMs([span('old', 100, 900), span('new', 400, undefined)], 2_000), 500);
});

test('two instances of one revision count once, and times apart add up', () => {
  const spans = [
    span('old', 0, 300),
    span('old', 100, 500),
    span('new', 200, 400),
    span('new', 450, 460),
    span('old', 700, 900),
    span('new', 800, undefined),
  ];
  assert.equal(sideBySideMs(spans, 1_000), 200 + 10 + 100);
});

test('an instance that never worked and a single revision add no time side by side', () => {
  assert.equal(sideBySideMs([span('old', 0, undefined), span('new', undefined, undefined)], 1_000), 0);
  assert.equal(sideBySideMs([span('new', 0, undefined), span('new', 10, undefined)], 1_000), 0);
  assert.equal(sideBySideMs([span('old', 0, 100), span('new', 100, 200)], 1_000), 0);
});
