import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noMapperCounts } from '@astrolabe/replay';
import { mapperProgress, replayOrder, replayView } from '@astrolabe/replay/testing';
import { ReplayCursor } from './replay-cursor.ts';

const order = replayOrder({
  spans: [
    { partition: 0, fromOffset: 10n, endOffset: 20n },
    { partition: 0, fromOffset: 50n, endOffset: 60n },
    { partition: 1, fromOffset: 0n, endOffset: 5n },
  ],
});
const view = replayView(order);
const changed = (wanted: 'run' | 'pause' | 'cancel', byMs: number) =>
  replayView({ ...order, wanted, changedAtMs: order.changedAtMs + byMs });

test('a cursor goes on at the further of what is stored and what was published, and is over behind its last span', () => {
  const cursor = new ReplayCursor(replayView(order, { mapper: new Map([[0, mapperProgress(12n)]]) }), 0);
  assert.deepEqual([cursor.state, cursor.nextOffset], ['learning', 10n]);
  cursor.begin(mapperProgress(15n, { mapped: 5 }, { commands: 7 }));
  assert.deepEqual([cursor.state, cursor.nextOffset], ['running', 15n]);
  cursor.advance(20n, { counts: { mapped: 4, filteredOut: 1 }, commands: 4 });
  assert.deepEqual(cursor.spans, [{ partition: 0, fromOffset: 50n, endOffset: 60n }]);
  cursor.advance(60n, { counts: { expired: 10 }, commands: 0 });
  assert.equal(cursor.state, 'over');
  const { counts, commands } = cursor.progress(1);
  assert.deepEqual(counts, { ...noMapperCounts, mapped: 9, filteredOut: 1, expired: 10 });
  assert.equal(commands, 11);
});

test('what was ordered is obeyed, and told at once; what came of records is told once a second, and the end at once', () => {
  const cursor = new ReplayCursor(view, 0);
  assert.equal(cursor.publishAtMs(), undefined);
  cursor.begin(undefined);
  assert.equal(cursor.publishAtMs(), Number.NEGATIVE_INFINITY, 'it has been taken');
  cursor.wasPublished(cursor.progress(1), 5_000);
  assert.equal(cursor.publishAtMs(), undefined);
  cursor.advance(11n, { counts: { mapped: 1 }, commands: 1 });
  assert.equal(cursor.publishAtMs(), 6_000);
  cursor.follow(changed('pause', 1));
  assert.deepEqual([cursor.state, cursor.publishAtMs()], ['paused', Number.NEGATIVE_INFINITY]);
  cursor.wasPublished(cursor.progress(1), 5_500);
  cursor.follow(changed('run', 2));
  assert.equal(cursor.state, 'running');
  cursor.wasPublished(cursor.progress(1), 5_600);
  cursor.advance(60n, { counts: { mapped: 19 }, commands: 19 });
  assert.deepEqual([cursor.state, cursor.publishAtMs()], ['over', Number.NEGATIVE_INFINITY]);
  cursor.wasPublished(cursor.progress(1), 5_700);
  assert.equal(cursor.publishAtMs(), undefined);
});

test('what is over does not run again, and a step that the table does not allow is a defect', () => {
  const cursor = new ReplayCursor(view, 0);
  cursor.begin(undefined);
  cursor.follow(changed('cancel', 1));
  assert.equal(cursor.state, 'over');
  cursor.follow(changed('run', 2));
  assert.equal(cursor.state, 'over');
  assert.throws(() => cursor.begin(undefined), { code: 'service.defect' });
});
