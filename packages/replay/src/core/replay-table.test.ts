import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dispatcherProgressRecord,
  mapperProgressRecord,
  orderRecord,
  phaseOf,
  readReplayRecord,
  removalRecord,
  replayedCommandsRecord,
} from '../index.ts';
import { dispatcherProgress, mapperProgress, replayOrder } from '../testing/index.ts';
import { noDispatcherCounts } from './replay-progress.ts';
import { ReplayTable } from './replay-table.ts';

function tableOf(...records: Parameters<typeof readReplayRecord>[0][]): ReplayTable {
  const table = new ReplayTable();
  for (const record of records) table.apply(readReplayRecord(record));
  return table;
}

test('of two owners that wrote, the one that is further counts', () => {
  const table = tableOf(
    orderRecord(replayOrder()),
    mapperProgressRecord('r1', 0, mapperProgress(50n, { mapped: 50 }, { atMs: 10 })),
    mapperProgressRecord('r1', 0, mapperProgress(40n, { mapped: 40 }, { atMs: 20 })),
  );
  assert.equal(table.snapshot().replays.get('r1')?.mapper.get(0)?.nextOffset, 50n);
  const obeysMs = Date.UTC(2027, 0, 1);
  const obeyed = mapperProgress(50n, { mapped: 50 }, { atMs: 30, obeysMs });
  table.apply(readReplayRecord(mapperProgressRecord('r1', 0, obeyed)));
  assert.equal(table.snapshot().replays.get('r1')?.mapper.get(0)?.obeysMs, obeysMs);
});

test('a pause that the present owner obeys is known, though a former one that has not heard of it wrote late and is further', () => {
  const paused = replayOrder({ request: { source: 'commands' }, wanted: 'pause', changedAtMs: 99 });
  const late = dispatcherProgressRecord('r1', 0, dispatcherProgress(50n, { delivered: 50 }, { obeysMs: 10 }));
  const present = dispatcherProgressRecord('r1', 0, dispatcherProgress(40n, { delivered: 40 }, { obeysMs: 99 }));
  for (const written of [
    [late, present],
    [present, late],
  ]) {
    const view =
      tableOf(orderRecord(paused), ...written)
        .snapshot()
        .replays.get('r1') ?? assert.fail();
    assert.deepEqual([phaseOf(view), view.dispatcher.get(0)?.nextOffset], ['paused', 50n]);
  }
});

test('what is at an end of a topic that was created again replaces what was further on the one before', () => {
  const at = (nextOffset: bigint, topicId: string) =>
    replayedCommandsRecord(2, {
      topicId,
      nextOffset,
      atMs: 1,
      replays: { r1: { gaveWayMs: 0, counts: { ...noDispatcherCounts, delivered: Number(nextOffset) } } },
    });
  const table = tableOf(orderRecord(replayOrder()), at(90n, 'a'), at(80n, 'a'), at(5n, 'b'));
  const { replays, replayedCommands } = table.snapshot();
  assert.equal(replayedCommands.get(2)?.nextOffset, 5n);
  assert.equal(replays.get('r1')?.commands.get(2)?.counts.delivered, 5);
});

test('replays are in the order of their start, and one that was removed is gone', () => {
  const second = replayOrder({ id: 'a', startedAtMs: 2 });
  const first = replayOrder({ id: 'b', startedAtMs: 1 });
  const table = tableOf(orderRecord(second), orderRecord(first));
  const before = table.snapshot();
  assert.deepEqual([...before.replays.keys()], ['b', 'a']);
  table.apply(readReplayRecord(removalRecord({ kind: 'order', id: 'b' })));
  assert.deepEqual([...table.snapshot().replays.keys()], ['a']);
  assert.equal(before.replays.size, 2, 'a snapshot does not change');
});

test('a cancelled replay stays cancelled, if something else is asked for at the same time', () => {
  const cancelled = replayOrder({ wanted: 'cancel', changedAtMs: 5 });
  const table = tableOf(
    orderRecord(replayOrder()),
    orderRecord(cancelled),
    orderRecord(replayOrder({ changedAtMs: 6 })),
  );
  assert.equal(table.snapshot().replays.get('r1')?.order.wanted, 'cancel');
});

test('replays of an earlier version are kept apart', () => {
  const value = Buffer.from('{}');
  const table = tableOf({ key: Buffer.from('old'), value }, { key: Buffer.from('older'), value });
  table.apply(readReplayRecord({ key: Buffer.from('older'), value: null }));
  assert.deepEqual([...table.snapshot().olderVersion], [['old', value]]);
});
