import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDuration, parseDuration } from './durations.ts';

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

test('what is no duration, or none that has a length of its own, is not guessed at', () => {
  for (const text of ['', 'P', 'PT', 'P1Y', 'P1M', '1', '15 m', '1m1h', '-5m', '0s', 'PT0S', '1.5h', '99999999999w']) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test('a duration is told by its two largest units', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, '0 ms'],
    [850, '850 ms'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [367_200_000, '4 d 6 h'],
  ];
  for (const [durationMs, text] of cases) assert.equal(formatDuration(durationMs), text);
});
