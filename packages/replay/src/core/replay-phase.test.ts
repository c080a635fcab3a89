import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dispatcherProgress, mapperProgress, replayOrder, replayView } from '../testing/index.ts';
import { noDispatcherCounts, readOf, type DispatcherCounts } from './replay-progress.ts';
import { changeOrder, phaseOf, replacesOrder } from './replay-phase.ts';
import { totalsOf } from './replay-view.ts';

const order = replayOrder();
const later = order.changedAtMs + 1_000;
const ends = (counts: Partial<DispatcherCounts>) =>
  new Map([[0, { gaveWayMs: 0, counts: { ...noDispatcherCounts, ...counts } }]]);
const mapper = (nextOffset: bigint, commands: number, obeysMs = order.changedAtMs) =>
  new Map([[0, mapperProgress(nextOffset, { mapped: commands }, { commands, obeysMs })]]);

test('a replay of events is finished when all is read and every command that was made has ended', () => {
  assert.equal(phaseOf(replayView(order)), 'waiting');
  assert.equal(phaseOf(replayView(order, { mapper: mapper(60n, 50) })), 'running');
  assert.equal(phaseOf(replayView(order, { mapper: mapper(100n, 90), commands: ends({ delivered: 89 }) })), 'running');
  const all = ends({ delivered: 70, duplicate: 5, knownToLedger: 10, deadLettered: 5 });
  assert.equal(phaseOf(replayView(order, { mapper: mapper(100n, 90), commands: all })), 'finished');
});

test('a replay of commands is finished when each of its partitions is done', () => {
  const commands = replayOrder({
    request: { source: 'commands' },
    spans: [
      { partition: 0, fromOffset: 0n, endOffset: 10n },
      { partition: 2, fromOffset: 5n, endOffset: 9n },
    ],
  });
  const done = dispatcherProgress(10n);
  assert.equal(phaseOf(replayView(commands, { dispatcher: new Map([[0, done]]) })), 'running');
  const both = new Map([
    [0, done],
    [2, dispatcherProgress(9n)],
  ]);
  assert.equal(phaseOf(replayView(commands, { dispatcher: both })), 'finished');
});

test('a pause has taken effect when everybody who has something to read acts upon it', () => {
  const paused = { ...order, wanted: 'pause', changedAtMs: later } as const;
  assert.equal(phaseOf(replayView(paused)), 'pausing');
  assert.equal(phaseOf(replayView(paused, { mapper: mapper(60n, 50) })), 'pausing');
  assert.equal(phaseOf(replayView(paused, { mapper: mapper(60n, 50, later) })), 'paused');
  const resumed = { ...paused, wanted: 'run', changedAtMs: later + 1 } as const;
  assert.equal(phaseOf(replayView(resumed, { mapper: mapper(60n, 50, later) })), 'running');
});

test('a cancelled replay is over when everybody has stopped and its commands have ended, sent or not', () => {
  const cancelled = { ...order, wanted: 'cancel', changedAtMs: later } as const;
  assert.equal(phaseOf(replayView(cancelled, { mapper: mapper(60n, 50) })), 'cancelling');
  const stopped = { mapper: mapper(60n, 50, later) };
  assert.equal(phaseOf(replayView(cancelled, { ...stopped, commands: ends({ delivered: 20 }) })), 'cancelling');
  const ended = ends({ delivered: 20, cancelled: 30 });
  assert.equal(phaseOf(replayView(cancelled, { ...stopped, commands: ended })), 'cancelled');
  const allRead = { mapper: mapper(100n, 50), commands: ended };
  assert.equal(phaseOf(replayView(cancelled, allRead)), 'cancelled');
  const tooLate = { mapper: mapper(100n, 50), commands: ends({ delivered: 50 }) };
  assert.equal(phaseOf(replayView(cancelled, tooLate)), 'finished', 'nothing was left to cancel');
});

test('a replay is changed as its state allows, and a cancellation is final', () => {
  const view = replayView(order, { mapper: mapper(10n, 0) });
  const paused = changeOrder(view, 'pause', later);
  assert.ok(paused.kind === 'changed');
  assert.deepEqual(paused.order, { ...order, wanted: 'pause', changedAtMs: later });
  assert.equal(changeOrder(view, 'run', later).kind, 'unchanged');
  assert.equal(changeOrder({ ...view, order: paused.order }, 'run', later).kind, 'changed');
  const cancelled = changeOrder({ ...view, order: paused.order }, 'cancel', later);
  assert.ok(cancelled.kind === 'changed');
  assert.equal(cancelled.order.changedAtMs, later + 1, 'each change is later than the one before, whatever the clock');
  assert.deepEqual(changeOrder({ ...view, order: cancelled.order }, 'run', later), {
    kind: 'refused',
    phase: 'cancelling',
  });
  const over = replayView(order, { mapper: mapper(100n, 0) });
  assert.deepEqual(changeOrder(over, 'cancel', later), { kind: 'refused', phase: 'finished' });
  assert.equal(replacesOrder(cancelled.order, paused.order), false);
  assert.equal(replacesOrder(paused.order, cancelled.order), true);
  assert.equal(replacesOrder(cancelled.order, { ...order, startedAtMs: later }), true, 'another one of that name');
});

test('the numbers of a replay add up', () => {
  const view = replayView(order, {
    mapper: new Map([
      [
        0,
        mapperProgress(
          40n,
          { replayedBefore: 1, filteredOut: 2, mapped: 30, skipped: 4, deadLettered: 3 },
          { commands: 33 },
        ),
      ],
    ]),
    commands: ends({ delivered: 10, knownToLedger: 12, cancelled: 1 }),
  });
  const { offsets, offsetsLeft, events, commands, commandsMade, commandsPending } = totalsOf(view);
  assert.equal(readOf(events), 40);
  assert.equal(offsets, offsetsLeft + 40);
  assert.equal(commandsMade, readOf(commands) + commandsPending);
});
