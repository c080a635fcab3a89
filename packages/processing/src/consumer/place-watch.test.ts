import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { PlaceWatch, type PlaceWatchOptions } from './place-watch.ts';

/** As kafkajs names it. */
const events = { HEARTBEAT: 'consumer.heartbeat' } as PlaceWatchOptions['consumer']['events'];

function createWatch() {
  let nowMs = 0;
  const emitter = new EventEmitter();
  const told: string[] = [];
  const watch = new PlaceWatch({
    consumer: { events, on: (event: string, listener: () => void) => emitter.on(event, listener) },
    sessionTimeoutMs: 10_000,
    onAbsent: (reason) => told.push(`absent: ${reason}`),
    joinAgain: () => told.push('join'),
    nowMs: () => nowMs,
  });
  const pass = (ms: number): void => {
    nowMs += ms;
    watch.see({ kind: 'time-passed' });
  };
  return { watch, told, pass, beat: () => emitter.emit(events.HEARTBEAT) };
}

test('a member is silent since the last answer of its group', () => {
  const { watch, pass, beat } = createWatch();
  pass(500);
  assert.equal(watch.silentMs(), 500);
  watch.see({ kind: 'joined' });
  assert.equal(watch.silentMs(), 0);
  pass(3_000);
  watch.see({ kind: 'crashed', reason: 'a crash is not an answer' });
  assert.equal(watch.silentMs(), 3_000);
  beat();
  assert.equal(watch.silentMs(), 0);
});

test('a member that its group does not answer for the session time-out works on nothing, and joins again until it has joined', () => {
  const { watch, told, pass } = createWatch();
  watch.see({ kind: 'joined' });
  pass(10_000);
  assert.deepEqual([told, watch.isMember()], [[], true]);
  for (let time = 0; time < 3; time += 1) pass(10_001);
  const absent = 'absent: its coordinator has not answered for the session time-out of 10000 ms';
  assert.deepEqual([told, watch.isMember()], [[absent, 'join', 'join', 'join'], false]);
  watch.see({ kind: 'joined' });
  pass(10_000);
  assert.equal(told.length, 4);
  watch.see({ kind: 'given-up', reason: 'the member is not known' });
  assert.deepEqual(told.slice(4), ['absent: the member is not known', 'join']);
});

test('a process that leaves its group by itself has not lost it', () => {
  const { watch, told, pass } = createWatch();
  watch.see({ kind: 'joined' });
  watch.stop();
  watch.see({ kind: 'given-up', reason: 'it has left' });
  pass(10_001);
  assert.deepEqual(told, []);
});
