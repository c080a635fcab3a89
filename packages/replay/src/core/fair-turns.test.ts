import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapperProgress, replayOrder, replayView } from '../testing/index.ts';
import { MAX_UNENDED_COMMANDS, chunkBound, commandsAllowed, nextInTurn } from './fair-turns.ts';
import { ReplayAllowance, rateOfPartition } from './replay-allowance.ts';
import { noDispatcherCounts } from './replay-progress.ts';

test('replays of a partition take turns, whichever comes and goes', () => {
  assert.equal(nextInTurn([], undefined), undefined);
  assert.equal(nextInTurn(['a', 'b'], undefined), 'a');
  assert.equal(nextInTurn(['a', 'b', 'c'], 'a'), 'b');
  assert.equal(nextInTurn(['a', 'b', 'c'], 'c'), 'a');
  assert.equal(nextInTurn(['b', 'c'], 'gone'), 'b');
});

test('a chunk grows with the time for which no live record has come', () => {
  const sizes = [0, 99, 100, 999, 1_000, Number.POSITIVE_INFINITY].map(
    (sinceLiveMs) => chunkBound(sinceLiveMs).records,
  );
  assert.deepEqual(
    sizes,
    sizes.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(sizes).size, 3);
});

test('the owners of all partitions together make no more commands than may be unended', () => {
  const order = replayOrder({
    spans: [0, 1].map((partition) => ({ partition, fromOffset: 0n, endOffset: 1_000_000n })),
  });
  const made = (first: number, second: number, delivered = 0) =>
    replayView(order, {
      mapper: new Map([
        [0, mapperProgress(1n, {}, { commands: first })],
        [1, mapperProgress(1n, {}, { commands: second })],
      ]),
      commands: new Map([[5, { gaveWayMs: 0, counts: { ...noDispatcherCounts, delivered } }]]),
    });
  assert.equal(commandsAllowed(made(0, 0), 0, 0), MAX_UNENDED_COMMANDS / 2);
  assert.equal(commandsAllowed(made(0, 0), 0, 1_000), MAX_UNENDED_COMMANDS / 2 - 500, 'not published yet');
  assert.equal(commandsAllowed(made(MAX_UNENDED_COMMANDS, 50), 1, 50), 0);
  assert.equal(commandsAllowed(made(MAX_UNENDED_COMMANDS, 50, 10_050), 1, 50), 5_000);
});

test('a rate holds over any time, and a pause saves up no more than a quarter of a second', () => {
  const allowance = new ReplayAllowance();
  let taken = 0;
  for (let nowMs = 0; nowMs <= 10_000; nowMs += 37) {
    const available = allowance.available(100, nowMs);
    allowance.took(available);
    taken += available;
  }
  assert.ok(taken <= 1_001 && taken >= 990, `${taken} of 1,000`);
  assert.equal(allowance.available(100, 100_000), 25);
});

test('a rate below one in the time between two looks is kept too', () => {
  const allowance = new ReplayAllowance();
  allowance.took(allowance.available(0.5, 0));
  assert.equal(allowance.waitMs(0.5, 0), 2_000);
  assert.equal(allowance.available(0.5, 1_999), 0);
  assert.equal(allowance.waitMs(0.5, 2_001), undefined);
  assert.equal(allowance.available(undefined, 2_001), Number.POSITIVE_INFINITY);
});

test('the partitions that are open share the rate', () => {
  const order = replayOrder({
    recordsPerSecond: 30,
    spans: [0, 1, 2].map((partition) => ({ partition, fromOffset: 0n, endOffset: 9n })),
  });
  assert.equal(rateOfPartition(replayView(order)), 10);
  assert.equal(rateOfPartition(replayView(order, { mapper: new Map([[1, mapperProgress(9n)]]) })), 15);
  assert.equal(rateOfPartition(replayView(replayOrder())), undefined);
});
