import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordSizeBytes, type ConsumedRecord } from '@astrolabe/records';
import { recordsOf } from '@astrolabe/records/testing';
import { recordedSession } from '../testing/recorded-session.ts';
import { createLaneProcessor } from './lane-processor.ts';
import type { LaneTask } from './lane-task.ts';
import { createPromisedProcessor, nothingLags } from '../testing/promised-handler.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A lane processor whose records end when the test says so. */
function createProcessor(limits: { maxRecords?: number; maxBytes?: number } = {}) {
  const session = recordedSession();
  const started: string[] = [];
  const running = new Map<string, PromiseWithResolvers<void>>();
  const processor = createPromisedProcessor({
    session,
    laneOf: ({ key }) => key?.toString() ?? '',
    handle: (record, signal) => {
      const name = nameOf(record);
      started.push(name);
      const handling = Promise.withResolvers<void>();
      running.set(name, handling);
      signal.addEventListener('abort', () => handling.reject(signal.reason));
      return handling.promise;
    },
    maxRecords: limits.maxRecords ?? 1_000,
    maxBytes: limits.maxBytes ?? 1_000_000,
  });
  const end = async (name: string, fault?: Error) => {
    const handling = running.get(name);
    assert.ok(handling, `${name} runs`);
    if (fault === undefined) handling.resolve();
    else handling.reject(fault);
    await turn();
  };
  return { session, processor, started, end };
}

function nameOf({ key, offset }: ConsumedRecord): string {
  return `${key?.toString() ?? ''}${offset}`;
}

async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => (settled = true));
  await turn();
  await turn();
  return settled;
}

test('records of a key are handled in order, those of other keys meanwhile, and the commit stays below the first unfinished one', async () => {
  const { session, processor, started, end } = createProcessor();
  processor.enqueue(recordsOf(10n, ['a', 'b', 'a', 'b']), 14n);
  assert.deepEqual(started, ['a10', 'b11']);
  await end('b11');
  assert.deepEqual(started, ['a10', 'b11', 'b13']);
  await end('b13');
  assert.equal(session.committable(), undefined, 'a10 holds everything back');
  await end('a10');
  assert.equal(session.committable(), 12n);
  await end('a12');
  assert.equal(session.committable(), 14n);
});

test('the commit goes past the control records that end a fetch, with and without records before them', async () => {
  const { session, processor, end } = createProcessor();
  processor.enqueue(recordsOf(0n, ['a']), 3n);
  assert.equal(session.committable(), undefined);
  processor.enqueue([], 5n);
  assert.equal(session.committable(), undefined, 'a0 has not finished');
  await end('a0');
  assert.equal(session.committable(), 5n);
  processor.enqueue([], 7n);
  assert.equal(session.committable(), 7n);
});

test('a record whose handling rejects is a fault, is never committed, and nothing of its key overtakes it', async () => {
  const { session, processor, started, end } = createProcessor();
  processor.enqueue(recordsOf(0n, ['a', 'a', 'b', 'b']), 4n);
  const fault = new TypeError('defect');
  await end('a0', fault);
  assert.deepEqual(session.faults, [fault]);
  await end('b2');
  await end('b3');
  processor.enqueue(recordsOf(4n, ['a']), 5n);
  assert.deepEqual(started, ['a0', 'b2', 'b3']);
  assert.equal(session.committable(), undefined);
  await processor.idle();
});

test('a partition pauses at its limit of records and resumes at half of it', async () => {
  const { session, processor, end } = createProcessor({ maxRecords: 4 });
  processor.enqueue(recordsOf(0n, ['a', 'b', 'c']), 3n);
  assert.deepEqual(session.calls, []);
  processor.enqueue(recordsOf(3n, ['d', 'e']), 5n);
  assert.deepEqual(session.calls, ['pause']);
  await end('b1');
  await end('c2');
  assert.deepEqual(session.calls, ['pause'], 'three are more than half of four');
  await end('d3');
  assert.deepEqual(session.calls, ['pause', 'resume']);
});

test('a partition pauses at its limit of bytes and resumes at half of it', async () => {
  const [record] = recordsOf(0n, ['a']);
  assert.ok(record);
  const { session, processor, end } = createProcessor({ maxBytes: 2 * recordSizeBytes(record) });
  processor.enqueue(recordsOf(0n, ['a']), 1n);
  processor.enqueue(recordsOf(1n, ['b']), 2n);
  assert.deepEqual(session.calls, ['pause']);
  await end('a0');
  assert.deepEqual(session.calls, ['pause', 'committable 1', 'resume']);
});

test('between the end of a session and the stop no further record of a lane is started', async () => {
  const { session, processor, started } = createProcessor();
  processor.enqueue(recordsOf(0n, ['a', 'a', 'a']), 3n);
  session.abort();
  await turn();
  assert.deepEqual(started, ['a0']);
  await processor.stop();
  assert.deepEqual(started, ['a0']);
  assert.deepEqual(session.faults, [], 'an abandoned task is not a fault');
  assert.equal(session.committable(), undefined);
});

test('a stop abandons what is under way: neither its end nor late records count any more', async () => {
  const { session, processor, started, end } = createProcessor({ maxRecords: 3 });
  processor.enqueue(recordsOf(0n, ['a', 'a', 'b']), 3n);
  session.abort();
  await processor.stop();
  processor.enqueue(recordsOf(3n, ['c']), 4n);
  await end('b2');
  await processor.idle();
  assert.deepEqual(started, ['a0', 'b2']);
  assert.equal(session.committable(), undefined);
});

test('once the consumer closes, what only waits is left for the next owner, and what is under way is waited for', async () => {
  const { session, processor, started, end } = createProcessor();
  processor.enqueue(recordsOf(0n, ['a', 'a', 'b']), 3n);
  processor.quiesce();
  const idle = processor.idle();
  await end('a0');
  assert.equal(await isSettled(idle), false);
  await end('b2');
  await idle;
  assert.deepEqual(started, ['a0', 'b2']);
  assert.equal(session.committable(), 1n);
});

test('what is to be tried again once the consumer closes is left for the next owner too', async () => {
  const session = recordedSession();
  const tasks: LaneTask<undefined>[] = [];
  let onlyWaits = false;
  const processor = createLaneProcessor<undefined>({
    session,
    laneOf: ({ key }) => key?.toString() ?? '',
    connectorOf: () => '',
    handler: {
      start: (task) => void tasks.push(task),
      withdraw: () => onlyWaits,
      abort: () => undefined,
      isBlocked: () => false,
    },
    limits: {
      maxRecords: 10,
      maxBytes: 1_000_000,
      windowRecords: 1,
      windowBytes: 1,
      maxHoldMs: Infinity,
      maxLaggingConnectors: 0,
    },
    ...nothingLags,
  });
  processor.enqueue(recordsOf(0n, ['a']), 1n);
  processor.quiesce();
  const idle = processor.idle();
  assert.equal(await isSettled(idle), false, 'its effect is under way');
  onlyWaits = true;
  tasks[0]?.waits();
  await idle;
  assert.equal(session.committable(), undefined);
});

test('idle means that nothing is left to run, and what finished is declared by then', async () => {
  const { session, processor, end } = createProcessor();
  await processor.idle();
  processor.enqueue(recordsOf(0n, ['a', 'a']), 2n);
  const idle = processor.idle().then(() => session.committable());
  await end('a0');
  await end('a1');
  assert.equal(await idle, 2n);
});

test('who waits for idle is released by a stop, since what is queued never runs', async () => {
  const { session, processor } = createProcessor();
  processor.enqueue(recordsOf(0n, ['a', 'a']), 2n);
  const idle = processor.idle();
  session.abort();
  await processor.stop();
  await idle;
});
