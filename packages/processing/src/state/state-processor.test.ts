import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMIT_MARK, parsePosition, positionKey, type ConsumedRecord } from '@astrolabe/records';
import { createInMemoryChangelogStore } from '@astrolabe/records/in-memory';
import { consumedRecord } from '@astrolabe/records/testing';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createStateProcessor } from './state-processor.ts';
import type { StateProcessorOptions } from './state-processor-options.ts';
import type { Restored } from './state-restore.ts';
import { SKIPPED, countByKey, countCodec, countKey, smallAndQuick, stateOf } from '../testing/counting.ts';
import { recordedSession } from '../testing/recorded-session.ts';

type Options = Partial<StateProcessorOptions<number, readonly bigint[]>>;

function createTask(options: Options = {}, changelog = createInMemoryChangelogStore()) {
  const session = recordedSession();
  const stored: (readonly bigint[])[] = [];
  const restored: Restored[] = [];
  const begin = () =>
    createStateProcessor<number, readonly bigint[]>({
      session,
      changelog,
      codec: countCodec,
      transform: countByKey('output'),
      onStored: (offsets) => void stored.push(offsets),
      onRestored: (each) => void restored.push(each),
      ...smallAndQuick,
      ...options,
    });
  return {
    session,
    changelog,
    stored,
    restored,
    begin,
    append: (records: readonly ConsumedRecord[]) => append(changelog, records),
  };
}

/** What is fetched must be on the input too: a position beyond its end is a fault. */
async function append(changelog: ReturnType<typeof createInMemoryChangelogStore>, records: readonly ConsumedRecord[]) {
  await changelog.log.send(
    't',
    records.map(({ key, value }) => ({ key, value, headers: {}, partition: 0 })),
  );
}

const recordAt = (offset: bigint, value = `v${offset}`) =>
  consumedRecord({ offset, key: Buffer.from('k'), value: Buffer.from(value) });

const positions = (changelog: ReturnType<typeof createInMemoryChangelogStore>) =>
  changelog.log
    .records(changelog.changelogTopic)
    .filter(({ key }) => String(key) === positionKey(changelog.groupId))
    .map(({ value }) => parsePosition(value)?.nextOffset);

test('what arrives while a batch is written becomes the next one', async () => {
  const { changelog, stored, begin, append } = createTask();
  const records = [0n, 1n, 2n, 3n].map((offset) => recordAt(offset));
  await append(records);
  const processor = begin();
  await new Promise((resolve) => setImmediate(resolve));
  const held = changelog.hold();
  for (const record of records) {
    processor.enqueue([record], record.offset + 1n);
    await new Promise((resolve) => setImmediate(resolve));
  }
  held.release();
  await processor.idle();
  assert.deepEqual(stored, [[0n], [1n, 2n, 3n]]);
  assert.deepEqual(positions(changelog), [1n, 4n]);
});

test('batches that leave no trace share a write of the position, and are reported when that is stored', async () => {
  const { changelog, stored, begin, append } = createTask({ quietMs: 60_000 });
  const records = [0n, 1n, 2n].map((offset) => recordAt(offset, SKIPPED));
  await append(records);
  const processor = begin();
  for (const record of records) {
    processor.enqueue([record], record.offset + 1n);
    await new Promise((resolve) => setImmediate(resolve));
  }
  processor.enqueue([], 4n);
  assert.deepEqual(stored, []);
  await processor.idle();
  assert.deepEqual(stored.flat(), [0n, 1n, 2n]);
  assert.deepEqual(positions(changelog), [4n]);
});

test('batches that leave no trace are stored without others after a while, and at once while the partition is paused', async () => {
  for (const options of [{ quietMs: 1 }, { quietMs: 60_000, maxBufferedRecords: 1 }]) {
    const { changelog, session, begin, append } = createTask(options);
    await append([recordAt(0n, SKIPPED)]);
    const processor = begin();
    processor.enqueue([recordAt(0n, SKIPPED)], 1n);
    while (session.committable() !== 1n) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(positions(changelog), [1n]);
    await processor.stop();
  }
});

test('control records alone move the position', async () => {
  const { changelog, session, begin, append } = createTask();
  await append([recordAt(0n), recordAt(1n)]);
  const processor = begin();
  processor.enqueue([], 2n);
  await processor.idle();
  assert.deepEqual([positions(changelog), session.committable()], [[2n], 2n]);
});

test("an operator's offset is stored and committed with our mark before the first record", async () => {
  const { changelog, session, stored, begin, append } = createTask();
  await append([recordAt(0n), recordAt(1n), recordAt(2n)]);
  changelog.commit('t', 0, { offset: 1n, metadata: '' });
  const processor = begin();
  processor.enqueue([recordAt(1n), recordAt(2n)], 3n);
  await processor.idle();
  assert.deepEqual(session.calls, ['until committed 1', 'committable 3']);
  assert.deepEqual(positions(changelog), [1n, 3n]);
  assert.deepEqual(stored, [[1n, 2n]]);
});

test('what the last owner finished is dropped, though it is read again', async () => {
  const changelog = createInMemoryChangelogStore();
  const first = createTask({}, changelog);
  await first.append([recordAt(0n), recordAt(1n), recordAt(2n)]);
  const one = first.begin();
  one.enqueue([recordAt(0n), recordAt(1n)], 2n);
  await one.idle();
  await one.stop();
  changelog.commit('t', 0, { offset: 1n, metadata: COMMIT_MARK });
  const second = createTask({}, changelog);
  const two = second.begin();
  two.enqueue([recordAt(1n), recordAt(2n)], 3n);
  await two.idle();
  assert.deepEqual(second.stored, [[2n]]);
  assert.deepEqual(
    second.restored.map(({ records, keys, position }) => ({ records, keys, position })),
    [{ records: 2, keys: 1, position: 2n }],
  );
  assert.deepEqual(
    changelog.log.records('output').map(({ value }) => String(value)),
    ['v0 at 0 is 1', 'v1 at 1 is 2', 'v2 at 2 is 3'],
  );
});

test('a log that shows less than it has taken is read again, and no record is left out', async () => {
  const log = createInMemoryChangelogStore();
  let readings = 0;
  const forgetful = {
    ...log,
    takeOver: (...[input, onRecords, signal]: Parameters<typeof log.takeOver>) => {
      readings += 1;
      // Once, after a failed write, as a broker that has not found its way back yet.
      return log.takeOver(input, readings === 2 ? () => undefined : onRecords, signal);
    },
  };
  const { stored, begin, append } = createTask({ changelog: forgetful }, log);
  await append([recordAt(0n), recordAt(1n)]);
  const processor = begin();
  processor.enqueue([recordAt(0n)], 1n);
  await processor.idle();
  let failed = false;
  log.decideFate(() => {
    if (failed) return 'written';
    failed = true;
    return 'lost';
  });
  processor.enqueue([recordAt(1n)], 2n);
  await processor.idle();
  assert.equal(readings, 3);
  assert.deepEqual(stored, [[0n], [1n]]);
  assert.deepEqual(
    log.log.records('output').map(({ value }) => String(value)),
    ['v0 at 0 is 1', 'v1 at 1 is 2'],
  );
  await processor.stop();
});

test('a batch whose write got no answer is reported as such, whether it was stored or is written again', async () => {
  for (const fate of ['ambiguous', 'lost'] as const) {
    const unanswered: (readonly bigint[])[] = [];
    const { changelog, stored, begin, append } = createTask({
      onUnanswered: (offsets) => void unanswered.push(offsets),
    });
    await append([recordAt(0n)]);
    let failed = false;
    changelog.decideFate(() => {
      if (failed) return 'written';
      failed = true;
      return fate;
    });
    const processor = begin();
    processor.enqueue([recordAt(0n)], 1n);
    await processor.idle();
    assert.deepEqual([unanswered, stored], [[[0n]], fate === 'lost' ? [[0n]] : []]);
    assert.equal(changelog.log.records('output').length, 1);
    await processor.stop();
  }
});

test('what cannot be put right by trying again is a fault, and nothing follows it', async () => {
  const tooLarge = new PipelineError('kafka.record-too-large', 'too large', { retryable: false });
  const defect = new TypeError('defect');
  const cases: readonly { readonly fault: Error; readonly options: Options; readonly fate?: PipelineError }[] = [
    { fault: tooLarge, options: {}, fate: tooLarge },
    {
      fault: defect,
      options: {
        transform: () => {
          throw defect;
        },
      },
    },
    {
      fault: defect,
      options: {
        onStored: () => {
          throw defect;
        },
      },
    },
  ];
  for (const { fault, options, fate } of cases) {
    const { changelog, session, begin, append } = createTask(options);
    await append([recordAt(0n), recordAt(1n)]);
    if (fate !== undefined) changelog.decideFate(() => ({ refused: fate }));
    const processor = begin();
    processor.enqueue([recordAt(0n)], 1n);
    await processor.idle();
    processor.enqueue([recordAt(1n)], 2n);
    await processor.stop();
    assert.deepEqual(session.faults, [fault]);
    assert.equal(changelog.takeovers, 1);
  }
});

test('state that was lost stops the partition before anything is handled', async () => {
  const { changelog, session, begin, append } = createTask();
  await append([recordAt(0n), recordAt(1n)]);
  changelog.commit('t', 0, { offset: 1n, metadata: COMMIT_MARK });
  const processor = begin();
  processor.enqueue([recordAt(1n)], 2n);
  await processor.idle();
  assert.deepEqual(
    session.faults.map((fault) => (fault as PipelineError).code),
    ['kafka.offset-out-of-range'],
  );
  assert.deepEqual(changelog.log.records('output'), []);
});

test('what the state has under keys of an older form is written under the present ones before the first record, once', async () => {
  const codec: typeof countCodec = {
    ...countCodec,
    decodeKey: (text) => ({ key: countKey(text.replace(/^old:/, '')), isOutdated: text.startsWith('old:') }),
  };
  const { changelog, restored, begin, append } = createTask({ codec });
  const ofOlderVersion = { key: Buffer.from('old:k'), value: Buffer.from('2'), headers: {}, partition: 0 };
  await changelog.log.send(changelog.changelogTopic, [ofOlderVersion]);
  await append([recordAt(0n)]);
  const processor = begin();
  processor.enqueue([recordAt(0n)], 1n);
  await processor.idle();
  assert.deepEqual(
    changelog.log.records('output').map(({ value }) => String(value)),
    ['v0 at 0 is 3'],
  );
  assert.deepEqual(stateOf(changelog.log.records(changelog.changelogTopic)), new Map([['k', '3']]));

  const next = createTask({ codec }, changelog);
  const again = next.begin();
  again.enqueue([recordAt(0n)], 1n);
  await again.idle();
  assert.deepEqual(
    [...restored, ...next.restored].map(({ keys, replaced }) => [keys, replaced]),
    [
      [1, 1],
      [1, 0],
    ],
  );
});

test('a partition is paused while too much is in hand, and resumed at half', async () => {
  const { changelog, session, begin, append } = createTask({ maxBufferedRecords: 4, maxBatchRecords: 2 });
  const records = [0n, 1n, 2n, 3n].map((offset) => recordAt(offset));
  await append(records);
  const held = changelog.hold();
  const processor = begin();
  processor.enqueue(records, 4n);
  assert.deepEqual(session.calls, ['pause']);
  held.release();
  await processor.idle();
  assert.deepEqual(session.calls, ['pause', 'committable 2', 'resume', 'committable 4']);
});

test('a session that is over starts nothing, though its brokers are away', async () => {
  const { changelog, session, stored, begin, append } = createTask();
  await append([recordAt(0n)]);
  changelog.failWith(new PipelineError('kafka.unavailable', 'away', { retryable: true }));
  const processor = begin();
  processor.enqueue([recordAt(0n)], 1n);
  await new Promise((resolve) => setTimeout(resolve, 5));
  session.abort();
  await processor.stop();
  await processor.idle();
  changelog.failWith(undefined);
  assert.deepEqual([stored, session.faults, changelog.log.records('output')], [[], [], []]);
});

test('a partition stands at what is stored of it: a batch that is being written is not finished', async () => {
  const { changelog, begin, append } = createTask();
  const records = [0n, 1n].map((offset) => ({ ...recordAt(offset), timestampMs: 5_000 + Number(offset) }));
  await append(records);
  const processor = begin();
  const workPosition = () => processor.workPosition?.();
  processor.enqueue([], 0n);
  assert.equal(workPosition(), undefined, 'the position is not restored yet');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(workPosition(), { finishedTo: 0n, readTo: 0n, oldestAtMs: undefined });
  const held = changelog.hold();
  processor.enqueue(records, 2n);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(workPosition(), { finishedTo: 0n, readTo: 2n, oldestAtMs: 5_000 });
  held.release();
  await processor.idle();
  assert.deepEqual(workPosition(), { finishedTo: 2n, readTo: 2n, oldestAtMs: undefined });
  await processor.stop();
});
