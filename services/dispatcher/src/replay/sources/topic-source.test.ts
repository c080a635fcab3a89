import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createInMemoryFollower, replayOrder } from '@astrolabe/replay/testing';
import { orderRecord } from '@astrolabe/replay';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { ActiveReplays } from '../active-replays.ts';
import { TopicSource } from './topic-source.ts';

const PARTITION = 2;

/** A source of replayed commands whose topic ends where the test says, and that counts how often it is asked. */
function createSource() {
  const clock = createManualClock();
  const follower = createInMemoryFollower();
  follower.write(orderRecord(replayOrder({ request: { source: 'events', toEarliest: true } })));
  const ends = { replayed: 0n, commands: 0n };
  const looks = { replayed: 0, commands: 0 };
  const bounds = async (topic: string) => {
    assert.ok(topic === 'replayed' || topic === 'commands');
    looks[topic] += 1;
    return { lowWatermark: 0n, lastStableOffset: ends[topic], highWatermark: ends[topic] };
  };
  const source = new TopicSource({
    topic: 'replayed',
    commandTopic: 'commands',
    partition: PARTITION,
    lanes: { takenTo: () => 0n },
    reader: { bounds, page: () => assert.fail('no page is read') },
    ledger: { lookup: () => assert.fail('nothing is looked up') },
    replays: new ActiveReplays(follower),
    clock,
  });
  const { signal } = new AbortController();
  return { clock, ends, looks, next: (position: bigint) => source.next(position, signal) };
}

test('while the mapper commits again and again, the end of what it has made is looked for five times a second', async () => {
  const { clock, ends, looks, next } = createSource();
  let position = 0n;
  for (let passedMs = 0; passedMs < 1_000; passedMs += 10) {
    ends.replayed += 3n;
    const range = await next(position);
    if (range.kind === 'range') position = range.endOffset;
    await clock.advance(10);
  }
  assert.equal(looks.replayed, 5);
  assert.equal(position, 243n, 'everything up to the last look');
});

test('what was found is read to its end without another look, and the next look is at its time', async () => {
  const { clock, ends, looks, next } = createSource();
  ends.replayed = 10n;
  assert.deepEqual(await next(0n), { kind: 'range', fromOffset: 0n, endOffset: 10n });
  ends.replayed = 12n;
  await clock.advance(150);
  assert.deepEqual(await next(4n), { kind: 'range', fromOffset: 4n, endOffset: 10n });
  assert.deepEqual(await next(10n), { kind: 'wait', ms: 50 });
  await clock.advance(50);
  assert.deepEqual(await next(10n), { kind: 'range', fromOffset: 10n, endOffset: 12n });
  assert.equal(looks.replayed, 2);
});
