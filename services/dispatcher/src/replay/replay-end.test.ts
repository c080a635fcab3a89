import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapperProgressRecord, noMapperCounts } from '@astrolabe/replay';
import { createReplayWorld, PARTITION } from '../testing/replay-world.ts';

for (const known of ['before', 'after'] as const) {
  test(`the end of a replay of events is told at once, where it is known ${known} the last command has ended`, async () => {
    const world = createReplayWorld();
    const owner = world.own();
    const spans = [{ partition: 0, fromOffset: 0n, endOffset: 9n }];
    world.order({ id: 'e1', request: { source: 'events' }, spans });
    world.topics.appendReplayed('e1', ['a1', 'b1']);
    const end = mapperProgressRecord('e1', 0, {
      nextOffset: 9n,
      atMs: 0,
      gaveWayMs: 0,
      obeysMs: 0,
      commands: 3,
      counts: { ...noMapperCounts, mapped: 3, skipped: 6 },
    });
    await owner.work(200);
    assert.equal(world.viewOf('e1').commands.get(PARTITION)?.counts.delivered, 2);
    if (known === 'before') world.follower.write(end);
    world.topics.appendReplayed('e1', ['c1']);
    await owner.work(200);
    if (known === 'after') world.follower.write(end);
    await owner.work(100);
    assert.equal(world.phaseOf('e1'), 'finished');
    await owner.giveUp();
  });
}
