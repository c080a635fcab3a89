import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { silentLogger } from '@astrolabe/kafka/testing';
import { splitTopicId } from '@astrolabe/records';
import { CommitLoop, type CommitLoopOptions, type OffsetToCommit } from './commit-loop.ts';
import type { GroupSession, PartitionProcessor } from './partition-processor.ts';
import { PartitionSessions } from './partition-sessions.ts';

const quietProcessor: PartitionProcessor = {
  enqueue: () => undefined,
  idle: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

/** A loop over one assigned partition, whose commits are answered as a test says. */
async function startLoop(
  t: TestContext,
  commitOffsets: (offsets: readonly OffsetToCommit[]) => Promise<void>,
  options: Partial<CommitLoopOptions> = {},
) {
  const opened = Promise.withResolvers<GroupSession>();
  const sessions = new PartitionSessions({
    topicId: options.guard?.topicId,
    topic: 't',
    createProcessor: (session) => {
      opened.resolve(session);
      return quietProcessor;
    },
    pause: () => undefined,
    resume: () => undefined,
    fail: (fault) => assert.fail(String(fault)),
    logger: silentLogger,
  });
  sessions.assign({ memberId: 'me', generationId: 1 }, [0]);
  const loop = new CommitLoop({
    commitOffsets,
    sessions,
    guard: { topicId: undefined, check: () => Promise.resolve(), close: () => Promise.resolve() },
    isMember: () => true,
    intervalMs: 1,
    onFault: (fault) => assert.fail(String(fault)),
    logger: silentLogger,
    ...options,
  });
  loop.start();
  t.after(() => loop.finish(0));
  return opened.promise;
}

test('a commit that is never answered is given up, and the offset is committed again', async (t) => {
  const asked: string[] = [];
  const session = await startLoop(
    t,
    ([offset]) => {
      asked.push(String(offset?.offset));
      return asked.length === 1 ? new Promise(() => undefined) : Promise.resolve();
    },
    { answerTimeoutMs: 1 },
  );
  await session.untilCommitted(7n);
  assert.deepEqual(asked, ['7', '7']);
});

test('a commit that is refused is asked for again, with what is finished by then', async (t) => {
  const asked: string[] = [];
  const session = await startLoop(t, ([offset]) => {
    asked.push(String(offset?.offset));
    if (asked.length > 1) return Promise.resolve();
    session.storeOffset(9n);
    return Promise.reject(new Error('a rebalance is in progress'));
  });
  await session.untilCommitted(7n);
  assert.deepEqual(asked, ['7', '9']);
});

test('a commit says of which topic its offset is, beside its own metadata', async (t) => {
  const topicId = 'QUFBQUFBQUFBQUFBQUFBQQ';
  const { promise: asked, resolve } = Promise.withResolvers<readonly OffsetToCommit[]>();
  const commit = (offsets: readonly OffsetToCommit[]): Promise<void> => Promise.resolve(resolve(offsets));
  const guard = { topicId, check: () => Promise.resolve(), close: () => Promise.resolve() };
  const session = await startLoop(t, commit, { guard });
  session.storeOffset(7n, 'acme=5');
  const [offset] = await asked;
  assert.deepEqual([offset?.offset, splitTopicId(offset?.metadata ?? '')], ['7', { topicId, metadata: 'acme=5' }]);
});
