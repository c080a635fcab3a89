import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommittedPosition } from '@astrolabe/kafka';
import type { PartitionSession } from '@astrolabe/processing';
import { createLogger } from '@astrolabe/service-kit';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { createPartitionDispatcher, type OpenLedger } from './partition-dispatcher.ts';

const CURRENT = 'QUFBQUFBQUFBQUFBQUFBQQ';
const FORMER = 'QkJCQkJCQkJCQkJCQkJCQg';

/** A partition whose group has committed this, and what comes of it. */
function createPartition(committed: CommittedPosition | undefined, topicId: string | undefined) {
  const came = Promise.withResolvers<string>();
  const opened = Promise.withResolvers<void>();
  const hastened: string[] = [];
  const session: PartitionSession = {
    topic: 'commands',
    partition: 2,
    topicId,
    epoch: 1,
    signal: new AbortController().signal,
    storeOffset: (nextOffset, metadata) => came.resolve(`committable ${nextOffset} "${metadata}"`),
    pause: () => undefined,
    resume: () => undefined,
    fail: (fault) => {
      const { code, message } = fault as { readonly code: string; readonly message: string };
      came.resolve(`${code}: ${message}`);
    },
  };
  const ledger: OpenLedger = {
    lookup: () => undefined,
    record: () => Promise.resolve(),
    attempts: () => undefined,
    recordAttempts: () => undefined,
    stats: () => ({ entries: 0, bytes: 0 }),
    hasten: () => hastened.push('hastened'),
    close: () => Promise.resolve(),
  };
  const processor = createPartitionDispatcher(session, {
    groupId: 'g',
    openLedger: () => Promise.resolve(ledger),
    committed: () => {
      opened.resolve();
      return Promise.resolve(committed);
    },
    readPage: () => Promise.reject(new Error('nothing lags')),
    // Opened while the test looks at something else.
    replays: { follower: { upToDate: () => new Promise(() => undefined) } },
    limits: { maxRecords: 1, maxBytes: 1, windowRecords: 1, windowBytes: 1, maxHoldMs: 1, maxCrowdMs: 1 },
    clock: createManualClock(),
    random: () => 0,
    logger: createLogger({ name: 'test', level: 'silent' }),
  } as unknown as Parameters<typeof createPartitionDispatcher>[1]);
  return { processor, came, opened: opened.promise, hastened };
}

/** What the start of a partition comes to, where the group has committed this. */
async function startWith(committed: CommittedPosition | undefined, topicId: string | undefined) {
  const { processor, came } = createPartition(committed, topicId);
  // Where nothing is to be committed or reported.
  setTimeout(() => came.resolve('goes on'), 50);
  const outcome = await came.promise;
  await processor.stop();
  return outcome;
}

test('a commit for the topic before is a fault, with what to type', async () => {
  const outcome = await startWith({ nextOffset: 40n, topicId: FORMER, metadata: 'acme=a1' }, CURRENT);
  assert.match(
    outcome,
    /^kafka\.topic-recreated: commands was deleted and created again: offset 40 of group g on partition 2/,
  );
  assert.match(outcome, /--group g --topic commands --reset-offsets --to-earliest --execute$/);
});

test("a commit without an id, an older version's or an operator's, is taken and gets one", async () => {
  const outcome = await startWith({ nextOffset: 40n, topicId: undefined, metadata: 'acme=a1' }, CURRENT);
  assert.equal(outcome, 'committable 40 "acme=a1"');
});

test('a commit for this topic, none at all, and brokers without ids change nothing', async () => {
  assert.equal(await startWith({ nextOffset: 40n, topicId: CURRENT, metadata: '' }, CURRENT), 'goes on');
  assert.equal(await startWith(undefined, CURRENT), 'goes on');
  assert.equal(await startWith({ nextOffset: 40n, topicId: FORMER, metadata: '' }, undefined), 'goes on');
});

test('a partition that is given up lets no outcome wait for others: its next owner waits for them', async () => {
  const { processor, opened, hastened } = createPartition(undefined, undefined);
  await opened;
  assert.deepEqual(hastened, []);
  processor.quiesce?.();
  assert.deepEqual(hastened, ['hastened']);
  await processor.stop();
});
