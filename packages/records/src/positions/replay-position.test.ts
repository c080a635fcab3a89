import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consumedRecord } from '../testing/records.ts';
import { claimRecord, readClaim } from './partition-claim.ts';
import { readReplayPosition, replayPositionRecord } from './replay-position.ts';
import { isPositionKey, positionKey } from './state-position.ts';

const ID = 'of "monday", again';

test('the position of a replay is read as it was written, by its own group, and no other record is taken for one', () => {
  const value = Buffer.from('{}');
  const { key, partition } = replayPositionRecord('group', ID, value, 3);
  assert.equal(partition, 3);
  assert.deepEqual(readReplayPosition('group', String(key), value), { replayId: ID, value });
  assert.deepEqual(readReplayPosition('group', String(key), null), { replayId: ID, value: null });
  assert.equal(readReplayPosition('another', String(key), value), undefined);
  const claim = claimRecord('group', { owner: 'o', transactionalIds: ['t'] }, 3);
  for (const other of [positionKey('group'), String(claim.key), '["","clock"]', '["acme","user-sha256","x"]']) {
    assert.equal(readReplayPosition('group', other, value), undefined);
  }
});

test('a version without managed replays skips it as it skips the positions of other groups', () => {
  const record = replayPositionRecord('group', ID, Buffer.from('{}'), 0);
  assert.ok(isPositionKey(String(record.key)));
  assert.notEqual(String(record.key), positionKey('group'));
  assert.equal(readClaim('group', consumedRecord(record)), undefined);
});
