import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandOver } from './hand-over.ts';

function createHandOver() {
  const asks: number[] = [];
  const handOver = new HandOver(() => void asks.push(asks.length + 1));
  handOver.joined(3, false);
  return { handOver, asks };
}

test('a member that closes asks its group once, and is done when it has no partitions any more', async () => {
  const { handOver, asks } = createHandOver();
  const given = handOver.give(60_000);
  assert.deepEqual(asks, [1]);
  handOver.joined(0, false);
  await given;
  handOver.joined(2, false);
  assert.deepEqual(asks, [1]);
});

test('a group that was rebalancing already, and did not hear, is asked again, but not without end', async () => {
  const { handOver, asks } = createHandOver();
  const given = handOver.give(60_000);
  handOver.joined(3, false);
  handOver.joined(3, false);
  handOver.joined(3, false);
  await given;
  assert.deepEqual(asks, [1, 2, 3]);
});

test('who is alone, or has no time, hands nothing over', async () => {
  const { handOver, asks } = createHandOver();
  await handOver.give(0);
  handOver.joined(3, true);
  await handOver.give(60_000);
  assert.deepEqual(asks, []);
});

test('who finds itself alone, or has left the group, waits for nobody', async () => {
  const alone = createHandOver();
  const first = alone.handOver.give(60_000);
  alone.handOver.joined(3, true);
  await first;
  const gone = createHandOver();
  const second = gone.handOver.give(60_000);
  gone.handOver.giveUp();
  await second;
});
