import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialPlace, nextPlace, type GroupEvent, type GroupPlace } from './group-place.ts';

const SESSION_TIMEOUT_MS = 10_000;

/** A process in its group, step by step; `ms` pass before each. */
function createProcess() {
  let nowMs = 0;
  let place = initialPlace(nowMs);
  return (ms: number, kind: GroupEvent['kind']): GroupPlace => {
    nowMs += ms;
    const event: GroupEvent = kind === 'crashed' || kind === 'given-up' ? { kind, reason: `it was ${kind}` } : { kind };
    place = nextPlace(place, event, nowMs, SESSION_TIMEOUT_MS);
    return place;
  };
}

test('a member that its group answers stays one', () => {
  const after = createProcess();
  after(0, 'joined');
  for (let beat = 0; beat < 10; beat += 1) {
    after(9_000, 'answered');
    assert.deepEqual(after(1_000, 'time-passed').name, 'member');
  }
  assert.equal(after(0, 'time-passed').toldToJoinAtMs, undefined);
});

test('a member that its group does not answer for the session time-out is absent, and is told to join again until it has', () => {
  const after = createProcess();
  after(0, 'joined');
  assert.equal(after(SESSION_TIMEOUT_MS, 'time-passed').name, 'member');
  const absent = after(1, 'time-passed');
  assert.deepEqual([absent.name, absent.toldToJoinAtMs], ['absent', SESSION_TIMEOUT_MS + 1]);
  assert.match(String(absent.reason), /has not answered for the session time-out of 10000 ms/);
  assert.equal(after(SESSION_TIMEOUT_MS, 'time-passed').toldToJoinAtMs, SESSION_TIMEOUT_MS + 1, 'it may still join');
  assert.equal(after(1, 'time-passed').toldToJoinAtMs, 2 * (SESSION_TIMEOUT_MS + 1));
  assert.deepEqual(after(5, 'joined').name, 'member');
  assert.equal(after(0, 'time-passed').reason, undefined);
});

test('an answer does not make an absent process a member, but keeps it waiting for the others', () => {
  const after = createProcess();
  after(0, 'joined');
  const { toldToJoinAtMs } = after(SESSION_TIMEOUT_MS + 1, 'time-passed');
  for (let second = 0; second < 60; second += 1) {
    after(1_000, 'answered');
    const place = after(0, 'time-passed');
    assert.deepEqual([place.name, place.toldToJoinAtMs], ['absent', toldToJoinAtMs]);
  }
});

test('a member whose client gave up keeps its partitions for the rest of its session, and no longer', () => {
  const after = createProcess();
  after(0, 'joined');
  assert.deepEqual(after(4_000, 'crashed').name, 'rejoining');
  assert.equal(after(6_000, 'time-passed').name, 'rejoining');
  const absent = after(1, 'time-passed');
  assert.equal(absent.name, 'absent');
  assert.match(String(absent.reason), /it was crashed/);
  assert.equal(after(0, 'joined').name, 'member');
  after(0, 'crashed');
  assert.equal(after(10, 'joined').name, 'member');
});

test('a member that its group has given up is absent at once', () => {
  for (const before of ['joined', 'crashed'] as const) {
    const after = createProcess();
    after(0, 'joined');
    after(0, before);
    const place = after(1, 'given-up');
    assert.deepEqual([place.name, place.reason, place.toldToJoinAtMs], ['absent', 'it was given-up', 1]);
    assert.deepEqual(after(1, 'given-up'), place);
  }
});

test('a process that has not joined yet is never absent: it has nothing to give up', () => {
  const after = createProcess();
  assert.equal(after(0, 'crashed').name, 'joining');
  assert.equal(after(100_000, 'time-passed').name, 'joining');
  assert.equal(after(0, 'given-up').reason, 'it was crashed');
});
