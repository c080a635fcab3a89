import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COMMIT_MARK,
  isPositionKey,
  parsePosition,
  positionKey,
  positionRecord,
  startPosition,
  type StartPosition,
} from './state-position.ts';

const ours = (offset: bigint) => ({ offset, metadata: COMMIT_MARK });
const operators = (offset: bigint) => ({ offset, metadata: '' });

interface Case {
  readonly title: string;
  readonly stored?: bigint;
  readonly committed?: { readonly offset: bigint; readonly metadata: string };
  /** Default: 10 to 100. */
  readonly watermarks?: readonly [bigint, bigint];
  readonly expected: StartPosition | 'fault';
}

const cases: readonly Case[] = [
  { title: 'a new group begins with what is there', expected: { kind: 'beginning', offset: 10n } },
  {
    title: 'the position goes on where the last unit ended, though the commit is behind',
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
  { title: 'an empty topic', watermarks: [0n, 0n], expected: { kind: 'beginning', offset: 0n } },
];

for (const { title, stored, committed, watermarks = [10n, 100n], expected } of cases) {
  test(`where a partition is read on: ${title}`, () => {
    const [lowWatermark, highWatermark] = watermarks;
    const offsets = { lowWatermark, highWatermark, lastStableOffset: highWatermark };
    const start = () => startPosition({ input: { topic: 't', partition: 3 }, stored, committed, offsets });
    if (expected === 'fault') assert.throws(start, { code: 'kafka.offset-out-of-range', retryable: false });
    else assert.deepEqual(start(), expected);
  });
}

test('a fault names the partition, what was found and what to do', () => {
  const offsets = { lowWatermark: 0n, highWatermark: 100n, lastStableOffset: 100n };
  assert.throws(
    () => startPosition({ input: { topic: 't', partition: 3 }, stored: 30n, committed: ours(40n), offsets }),
    {
      message:
        "t[3]: its state has position 30 but 40 is committed: state was lost; set the group's offset to say where to go on",
    },
  );
});

test('a position is read back as it was written, for a group of any name', () => {
  for (const groupId of ['mapper', 'with "quotes"', 'ä\n']) {
    const record = positionRecord(groupId, 2n ** 60n, 4);
    assert.equal(record.partition, 4);
    assert.equal(String(record.key), positionKey(groupId));
    assert.ok(isPositionKey(String(record.key)));
    assert.equal(parsePosition(record.value), 2n ** 60n);
  }
  assert.equal(parsePosition(null), undefined);
  assert.throws(() => parsePosition(Buffer.from('{}')));
  assert.ok(!isPositionKey('["","user","position"]'));
});
