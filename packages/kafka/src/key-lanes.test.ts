import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyLanes } from './key-lanes.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function unexpectedFault(fault: unknown): void {
  throw fault;
}

/** Tasks that a test ends one by one. */
function createTasks() {
  const running = new Map<string, { resolve: () => void; reject: (error: Error) => void }>();
  const started: string[] = [];
  const task = (name: string) => () => {
    started.push(name);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    running.set(name, { resolve, reject });
    return promise;
  };
  const end = async (name: string, error?: Error) => {
    const found = running.get(name);
    assert.ok(found, `${name} runs`);
    if (error === undefined) found.resolve();
    else found.reject(error);
    await turn();
  };
  return { started, task, end };
}

test('tasks of one key run one after the other, in the order in which they were added', async () => {
  const lanes = new KeyLanes(unexpectedFault);
  const { started, task, end } = createTasks();
  for (const name of ['a1', 'a2', 'a3']) lanes.add('a', task(name));
  assert.deepEqual(started, ['a1']);
  await end('a1');
  assert.deepEqual(started, ['a1', 'a2']);
  lanes.add('a', task('a4'));
  await end('a2');
  await end('a3');
  await end('a4');
  assert.deepEqual(started, ['a1', 'a2', 'a3', 'a4']);
  assert.equal(lanes.size, 0);
  assert.equal(lanes.laneCount, 0, 'a lane without tasks is forgotten');
});

test('tasks of different keys run side by side', async () => {
  const lanes = new KeyLanes(unexpectedFault);
  const { started, task, end } = createTasks();
  for (const name of ['a', 'b', 'c']) lanes.add(name, task(name));
  assert.deepEqual(started, ['a', 'b', 'c']);
  assert.equal(lanes.laneCount, 3);
  await end('c');
  await end('a');
  assert.equal(lanes.size, 1);
});

test('a lane whose task rejects stands still, and the others go on', async () => {
  const faults: unknown[] = [];
  const lanes = new KeyLanes((fault) => faults.push(fault));
  const { started, task, end } = createTasks();
  lanes.add('a', task('a1'));
  lanes.add('a', task('a2'));
  lanes.add('b', task('b1'));
  lanes.add('b', task('b2'));
  const fault = new Error('no such API');
  await end('a1', fault);
  lanes.add('a', task('a3'));
  await end('b1');
  assert.deepEqual(started, ['a1', 'b1', 'b2']);
  assert.deepEqual(faults, [fault]);
  assert.equal(lanes.size, 1, 'what stands behind the fault is not waited for');
  await end('b2');
  assert.equal(lanes.size, 0);
});

test('a task that throws before its first await counts as one that rejects', async () => {
  const faults: unknown[] = [];
  const lanes = new KeyLanes((fault) => faults.push(fault));
  const fault = new Error('thrown');
  lanes.add('a', () => {
    throw fault;
  });
  await turn();
  assert.deepEqual(faults, [fault]);
});

test('closed lanes start nothing more and let what runs go on', async () => {
  const lanes = new KeyLanes(unexpectedFault);
  const { started, task, end } = createTasks();
  lanes.add('a', task('a1'));
  lanes.add('a', task('a2'));
  lanes.close();
  lanes.add('b', task('b1'));
  assert.equal(lanes.size, 1);
  await end('a1');
  assert.deepEqual(started, ['a1']);
  assert.equal(lanes.size, 0);
});

test('a hot key of 10,000 tasks is worked off in linear time', async () => {
  const lanes = new KeyLanes(unexpectedFault);
  const durationOf = async (count: number): Promise<number> => {
    const finished = Promise.withResolvers<void>();
    let next = 0;
    const startedAtMs = performance.now();
    for (let index = 0; index < count; index += 1) {
      lanes.add('hot', async () => {
        assert.equal(index, next);
        next += 1;
        if (next === count) finished.resolve();
      });
    }
    await finished.promise;
    return performance.now() - startedAtMs;
  };
  await durationOf(1_000);
  assert.ok((await durationOf(10_000)) < 3_000);
});
