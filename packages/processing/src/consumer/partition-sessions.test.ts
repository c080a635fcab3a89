import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@astrolabe/kafka/testing';
import { consumedRecord } from '@astrolabe/records/testing';
import type { GroupSession, PartitionProcessor } from './partition-processor.ts';
import { PartitionSessions } from './partition-sessions.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const quietProcessor: PartitionProcessor = {
  enqueue: () => undefined,
  idle: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

/** Sessions whose effects, on kafkajs and on processors, are kept in order. */
function createSessions(createProcessor?: (session: GroupSession, effects: string[]) => PartitionProcessor) {
  const effects: string[] = [];
  const faults: unknown[] = [];
  const sessions = new PartitionSessions({
    topicId: undefined,
    topic: 't',
    createProcessor: (session) => {
      effects.push(`create ${session.partition}`);
      return createProcessor?.(session, effects) ?? quietProcessor;
    },
    pause: (partition) => void effects.push(`pause ${partition}`),
    resume: (partition) => void effects.push(`resume ${partition}`),
    fail: (fault) => void faults.push(fault),
    logger: silentLogger,
  });
  return { sessions, effects, faults };
}

const membership = { memberId: 'me', generationId: 1 };

test('a lost partition is resumed, since it would come back paused, then aborted, then stopped', async () => {
  const { sessions, effects } = createSessions((session, effects) => {
    session.signal.addEventListener('abort', () => effects.push('abort'));
    return { ...quietProcessor, stop: async () => void effects.push('stop') };
  });
  sessions.assign(membership, [0]);
  await turn();
  sessions.assign({ ...membership, generationId: 2 }, []);
  await turn();
  assert.deepEqual(effects, ['create 0', 'resume 0', 'abort', 'stop']);
});

test('what arrives while the session before is stopping waits for its end, in order', async () => {
  const stop = Promise.withResolvers<void>();
  const seen: string[] = [];
  const { sessions } = createSessions((session) => ({
    ...quietProcessor,
    enqueue: (records, nextOffset) =>
      void seen.push(`${session.epoch}: ${records.map(({ offset }) => offset).join()} -> ${nextOffset}`),
    stop: () => stop.promise,
  }));
  sessions.assign(membership, [0]);
  await turn();
  sessions.assign({ memberId: 'me again', generationId: 2 }, [0]);
  sessions.enqueue(0, [consumedRecord({ offset: 5n })], 6n);
  sessions.enqueue(0, [consumedRecord({ offset: 6n }), consumedRecord({ offset: 7n })], 9n);
  await turn();
  assert.deepEqual(seen, []);
  stop.resolve();
  await turn();
  assert.deepEqual(seen, ['2: 5 -> 6', '2: 6,7 -> 9']);
});

test('a processor that cannot be created, or refuses records, is a fault and never an error of the fetch loop', async () => {
  const broken = new Error('defect');
  const uncreatable = createSessions(() => {
    throw broken;
  });
  uncreatable.sessions.assign(membership, [0]);
  await turn();
  assert.deepEqual(uncreatable.faults, [broken]);

  const refusing = createSessions(() => ({
    ...quietProcessor,
    enqueue: () => {
      throw broken;
    },
  }));
  refusing.sessions.assign(membership, [0]);
  await turn();
  refusing.sessions.enqueue(0, [consumedRecord()], 1n);
  assert.deepEqual(refusing.faults, [broken]);
});

test('a session that is over can neither commit, pause, resume nor fail', async () => {
  const live: GroupSession[] = [];
  const { sessions, effects, faults } = createSessions((session) => {
    live.push(session);
    return quietProcessor;
  });
  sessions.assign(membership, [0]);
  await turn();
  sessions.assign({ ...membership, generationId: 2 }, []);
  await turn();
  effects.length = 0;
  const [over] = live;
  assert.ok(over);
  over.storeOffset(5n);
  over.pause();
  over.resume();
  over.fail(new Error('late'));
  assert.deepEqual({ effects, faults, due: sessions.due() }, { effects: [], faults: [], due: [] });
});

test('a committable offset is due until exactly it is committed, and never goes back', async () => {
  const live: GroupSession[] = [];
  const { sessions } = createSessions((session) => {
    live.push(session);
    return quietProcessor;
  });
  sessions.assign(membership, [0]);
  await turn();
  const [session] = live;
  assert.ok(session);
  session.storeOffset(5n);
  const [first] = sessions.due();
  session.storeOffset(8n);
  first?.session.committed(first.nextOffset, first.metadata);
  assert.deepEqual(
    sessions.due().map(({ nextOffset }) => nextOffset),
    [8n],
  );
  session.storeOffset(6n);
  const [second] = sessions.due();
  assert.equal(second?.nextOffset, 8n);
  second.session.committed(second.nextOffset, second.metadata);
  assert.deepEqual(sessions.due(), []);
});

test('once closed, a rebalance ends what is lost and brings nothing new', async () => {
  const { sessions, effects } = createSessions();
  sessions.assign(membership, [0, 1]);
  await turn();
  sessions.close();
  sessions.assign({ ...membership, generationId: 2 }, [1, 2]);
  await turn();
  assert.deepEqual(sessions.partitions(), [1]);
  assert.deepEqual(effects, ['create 0', 'create 1', 'pause 0', 'pause 1', 'resume 0']);
});

test('draining waits for the work at hand, and no longer than its deadline', async () => {
  const idle = Promise.withResolvers<void>();
  const { sessions } = createSessions(() => ({ ...quietProcessor, idle: () => idle.promise }));
  sessions.assign(membership, [0]);
  await sessions.drain(5);
  let drained = false;
  const draining = sessions.drain(60_000).then(() => (drained = true));
  await turn();
  assert.equal(drained, false);
  idle.resolve();
  await draining;
});

test('ending all waits for every stop, those of earlier sessions included', async () => {
  const stops: PromiseWithResolvers<void>[] = [];
  const { sessions } = createSessions(() => {
    const stop = Promise.withResolvers<void>();
    stops.push(stop);
    return { ...quietProcessor, stop: () => stop.promise };
  });
  sessions.assign(membership, [0]);
  await turn();
  sessions.assign({ ...membership, generationId: 2 }, []);
  sessions.assign({ ...membership, generationId: 3 }, [1]);
  await turn();
  let ended = false;
  const ending = sessions.endAll().then(() => (ended = true));
  await turn();
  stops[1]?.resolve();
  await turn();
  assert.equal(ended, false);
  stops[0]?.resolve();
  await ending;
  assert.deepEqual(sessions.partitions(), []);
});

test('a commit can be waited for, until the group has stored it or the session is over', async () => {
  const held: GroupSession[] = [];
  const { sessions } = createSessions((session) => {
    held.push(session);
    return quietProcessor;
  });
  sessions.assign(membership, [0]);
  await turn();
  const [session] = held;
  assert.ok(session);
  const settled: string[] = [];
  const first = session.untilCommitted(5n).then(() => settled.push('5'));
  const second = session.untilCommitted(9n).catch((error: unknown) => settled.push((error as Error).name));
  const [due] = sessions.due();
  assert.equal(due?.nextOffset, 9n);
  due.session.committed(7n, due.metadata);
  await first;
  await session.untilCommitted(6n);
  assert.deepEqual(settled, ['5']);
  sessions.assign({ ...membership, generationId: 2 }, []);
  await second;
  assert.deepEqual(settled, ['5', 'AbortError']);
  await assert.rejects(session.untilCommitted(5n), { name: 'AbortError' });
});

test('what a closing process gave away it may finish: nothing new begins there, and nothing of it is committed', async () => {
  const live: GroupSession[] = [];
  const idle = Promise.withResolvers<void>();
  const { sessions, effects } = createSessions((session, effects) => {
    live.push(session);
    session.signal.addEventListener('abort', () => effects.push('abort'));
    return {
      enqueue: () => void effects.push('enqueue'),
      quiesce: () => void effects.push('quiesce'),
      idle: () => idle.promise,
      stop: async () => void effects.push('stop'),
    };
  });
  sessions.assign(membership, [0]);
  await turn();
  sessions.assign({ ...membership, generationId: 2 }, [], { canFinishLost: true });
  sessions.enqueue(0, [consumedRecord()], 1n);
  live[0]?.storeOffset(5n);
  assert.deepEqual([sessions.due(), sessions.partitions()], [[], []]);
  const drained = sessions.drain(60_000).then(() => effects.push('drained'));
  await turn();
  assert.deepEqual(effects, ['create 0', 'quiesce']);
  idle.resolve();
  await drained;
  await turn();
  // Its next owner may wait for the end, and need not wait for that of others.
  assert.deepEqual(effects.toSorted(), ['abort', 'create 0', 'drained', 'quiesce', 'resume 0', 'stop']);
  await sessions.endAll();
  assert.equal(effects.filter((effect) => effect === 'stop').length, 1);
});

test("what a closing process lost under another id is another member's already, and ends at once", async () => {
  const { sessions, effects } = createSessions(() => ({
    ...quietProcessor,
    stop: async () => void effects.push('stop'),
  }));
  sessions.assign(membership, [0]);
  await turn();
  sessions.assign({ memberId: 'me again', generationId: 2 }, [], { canFinishLost: true });
  await turn();
  assert.deepEqual(effects, ['create 0', 'resume 0', 'stop']);
});
