import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COMMIT_MARK,
  isFromBeforeClaims,
  isPositionKey,
  parsePosition,
  positionKey,
  positionRecord,
  startPosition,
  type StartPosition,
} from './state-position.ts';

const ours = (offset: bigint) => ({ offset, metadata: COMMIT_MARK });
const operators = (offset: bigint) => ({ offset, metadata: '' });
/** Ids of the topic as it is, and of the one that had its name before. */
const CURRENT = 'QUFBQUFBQUFBQUFBQUFBQQ';
const FORMER = 'QkJCQkJCQkJCQkJCQkJCQg';

interface Case {
  readonly title: string;
  readonly stored?: bigint;
  /** That the position was stored with. Default: the topic's own. */
  readonly storedId?: typeof CURRENT | typeof FORMER | 'none';
  /** Default: `CURRENT`. */
  readonly topicId?: 'none';
  readonly committed?: { readonly offset: bigint; readonly metadata: string };
  /** Default: 10 to 100. */
  readonly watermarks?: readonly [bigint, bigint];
  readonly expected: StartPosition | 'fault' | 'recreated';
}

const cases: readonly Case[] = [
  { title: 'a new group begins with what is there', expected: { kind: 'beginning', offset: 10n } },
  {
    title: 'the position goes on where the last batch ended, though the commit is behind',
    stored: 50n,
    committed: ours(40n),
    expected: { kind: 'resume', offset: 50n },
  },
  { title: 'a commit at the position', stored: 50n, committed: ours(50n), expected: { kind: 'resume', offset: 50n } },
  { title: 'a group whose commit has expired', stored: 50n, expected: { kind: 'resume', offset: 50n } },
  { title: 'a position at the end', stored: 100n, committed: ours(90n), expected: { kind: 'resume', offset: 100n } },
  { title: 'an operator goes back', stored: 50n, committed: operators(20n), expected: { kind: 'reset', offset: 20n } },
  { title: 'an operator skips', stored: 50n, committed: operators(90n), expected: { kind: 'reset', offset: 90n } },
  {
    title: 'an operator sets what is',
    stored: 50n,
    committed: operators(50n),
    expected: { kind: 'reset', offset: 50n },
  },
  { title: 'a version without state committed', committed: operators(20n), expected: { kind: 'reset', offset: 20n } },
  { title: 'state was lost as a whole', committed: ours(40n), expected: 'fault' },
  { title: 'the end of the state was lost', stored: 30n, committed: ours(40n), expected: 'fault' },
  { title: 'the topic was recreated', stored: 150n, committed: ours(140n), expected: 'fault' },
  { title: 'retention went past the position', stored: 5n, expected: 'fault' },
  { title: 'an operator chose what is not there yet', stored: 50n, committed: operators(101n), expected: 'fault' },
  { title: 'an operator chose what is gone', stored: 50n, committed: operators(9n), expected: 'fault' },
  {
    title: 'a position of the topic before, though it is in range',
    stored: 50n,
    storedId: FORMER,
    expected: 'recreated',
  },
  { title: 'a position of the topic before, out of range', stored: 150n, storedId: FORMER, expected: 'recreated' },
  {
    title: 'a position and a commit of the topic before',
    stored: 50n,
    storedId: FORMER,
    committed: ours(50n),
    expected: 'recreated',
  },
  {
    title: 'an operator goes on in the new topic',
    stored: 50n,
    storedId: FORMER,
    committed: operators(10n),
    expected: { kind: 'reset', offset: 10n },
  },
  {
    title: 'a position of a version that stored no ids',
    stored: 50n,
    storedId: 'none',
    committed: ours(50n),
    expected: { kind: 'label', offset: 50n },
  },
  { title: 'brokers that give no ids', stored: 50n, topicId: 'none', expected: { kind: 'resume', offset: 50n } },
  {
    title: 'neither has an id',
    stored: 50n,
    storedId: 'none',
    topicId: 'none',
    expected: { kind: 'resume', offset: 50n },
  },
  { title: 'an empty topic', watermarks: [0n, 0n], expected: { kind: 'beginning', offset: 0n } },
];

for (const { title, stored, storedId = CURRENT, topicId, committed, watermarks = [10n, 100n], expected } of cases) {
  test(`where a partition is read on: ${title}`, () => {
    const [lowWatermark, highWatermark] = watermarks;
    const offsets = { lowWatermark, highWatermark, lastStableOffset: highWatermark };
    const start = () =>
      startPosition({
        groupId: 'g',
        input: { topic: 't', partition: 3 },
        topicId: topicId === 'none' ? undefined : CURRENT,
        stored:
          stored === undefined
            ? undefined
            : { nextOffset: stored, topicId: storedId === 'none' ? undefined : storedId },
        committed,
        offsets,
      });
    if (expected === 'recreated') assert.throws(start, { code: 'kafka.topic-recreated', retryable: false });
    else if (expected === 'fault') assert.throws(start, { code: 'kafka.offset-out-of-range', retryable: false });
    else assert.deepEqual(start(), expected);
  });
}

test('a fault names the partition, what was found and what to do', () => {
  const offsets = { lowWatermark: 0n, highWatermark: 100n, lastStableOffset: 100n };
  assert.throws(
    () =>
      startPosition({
        groupId: 'g',
        input: { topic: 't', partition: 3 },
        topicId: CURRENT,
        stored: { nextOffset: 30n, topicId: CURRENT },
        committed: ours(40n),
        offsets,
      }),
    {
      message:
        "t[3]: its state has position 30 but 40 is committed: state was lost; set the group's offset to say where to go on",
    },
  );
});

test('a position is read back as it was written, for a group of any name', () => {
  for (const groupId of ['mapper', 'with "quotes"', 'ä\n']) {
    const record = positionRecord(groupId, 2n ** 60n, { partition: 4, topicId: CURRENT });
    assert.equal(record.partition, 4);
    assert.equal(String(record.key), positionKey(groupId));
    assert.ok(isPositionKey(String(record.key)));
    assert.deepEqual(parsePosition(record.value), { nextOffset: 2n ** 60n, topicId: CURRENT });
  }
  assert.deepEqual(parsePosition(Buffer.from('{"nextOffset":"7"}')), { nextOffset: 7n, topicId: undefined });
  assert.deepEqual(parsePosition(positionRecord('g', 7n, { partition: 0, topicId: undefined }).value), {
    nextOffset: 7n,
    topicId: undefined,
  });
  assert.equal(parsePosition(null), undefined);
  assert.throws(() => parsePosition(Buffer.from('{}')));
  assert.ok(!isPositionKey('["","user","position"]'));
});

test('the position of a version without claims is told from one of today', () => {
  assert.equal(isFromBeforeClaims(Buffer.from('{"nextOffset":"7","topicId":"x"}')), true);
  const { value } = positionRecord('g', 7n, { partition: 0, topicId: CURRENT });
  assert.ok(value !== null);
  assert.equal(isFromBeforeClaims(value), false);
});
