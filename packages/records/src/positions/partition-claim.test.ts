import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consumedRecord } from '../testing/records.ts';
import { claimRecord, readClaim, releaseRecord } from './partition-claim.ts';
import { isPositionKey, positionKey, positionRecord } from './state-position.ts';

const claim = { owner: 'o-1', transactionalIds: ['group-a-0', 'group-a-1'] };
const read = (record: Parameters<typeof consumedRecord>[0], groupId = 'group') =>
  readClaim(groupId, consumedRecord(record));

test('a claim and its release are read as they were written, by their own group', () => {
  assert.deepEqual(read(claimRecord('group', claim, 2)), { kind: 'claim', claim });
  assert.deepEqual(read(releaseRecord('group', 'o-1', 2)), { kind: 'release', owner: 'o-1' });
  assert.equal(read(claimRecord('group', claim, 2), 'another'), undefined);
});

test('neither a position nor a state is taken for a claim', () => {
  assert.equal(read(positionRecord('group', 7n, { partition: 0, topicId: undefined })), undefined);
  assert.equal(read({ key: Buffer.from('["acme","user-sha256","x"]'), value: Buffer.from('{}') }), undefined);
  assert.equal(read({ key: null, value: Buffer.from('{}') }), undefined);
});

test('a version without claims passes over them as over the positions of other groups', () => {
  const key = String(claimRecord('group', claim, 0).key);
  assert.ok(isPositionKey(key));
  assert.notEqual(key, positionKey('group'));
});

test('what nobody writes under the key of a claim is a fault', () => {
  const { key } = claimRecord('group', claim, 0);
  for (const value of ['{}', '{"transactionalIds":"a"}', '{"transactionalIds":[1]}', 'x']) {
    assert.throws(() => read({ key, value: Buffer.from(value) }));
  }
});
