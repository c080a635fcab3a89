import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from './durations.ts';

test('durations are taken as kafka-consumer-groups takes them and as people write them', () => {
  const cases: readonly (readonly [string, number])[] = [
    ['PT1H', 3_600_000],
    ['PT1H30M', 5_400_000],
    ['P7D', 604_800_000],
    ['P1W', 604_800_000],
    ['P1DT12H', 129_600_000],
    ['pt0.5s', 500],
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['90s', 90_000],
    ['1.5s', 1_500],
    ['500ms', 500],
    ['1m500ms', 60_500],
    [' 10m ', 600_000],
  ];
  for (const [text, durationMs] of cases) assert.equal(parseDuration(text), durationMs, text);
});

test('text that is not a duration of a fixed length is refused', () => {
  for (const text of ['', 'P', 'PT', 'P1Y', 'P1M', '1', '15 m', '1m1h', '-5m', '0s', 'PT0S', '1.5h', '99999999999w']) {
    assert.equal(parseDuration(text), undefined, text);
  }
});
