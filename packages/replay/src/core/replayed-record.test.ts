import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerNames, headerText, keyText, recordSizeBytes, toHeaders, type EncodedRecord } from '@astrolabe/records';
import { consumedRecord } from '@astrolabe/records/testing';
import { replayOrder } from '../testing/index.ts';
import { isReplayedCopy, replayedRecord } from './replayed-record.ts';

/** A command that an earlier replay made of an event and forced. */
const record = consumedRecord({
  topic: 'commands',
  partition: 3,
  offset: 41n,
  timestampMs: 7,
  key: Buffer.from('key'),
  value: Buffer.from([0, 255]),
  headers: toHeaders({ 'connector-id': 'acme', 'replay-id': 'old', 'replay-force': '1', 'replay-from': 'events:0:1' }),
});

test('a replayed record is the record, with the marks of this replay in place of those of another', () => {
  const again = replayedRecord(record, replayOrder());
  const { topic, partition, offset, timestampMs, key, value } = again;
  assert.deepEqual({ ...record, headers: {} }, { topic, partition, offset, timestampMs, key, value, headers: {} });
  assert.deepEqual(
    again.headers,
    toHeaders({ 'connector-id': 'acme', 'replay-id': 'r1', 'replay-from': 'commands:3:41' }),
  );
  assert.equal(headerText(again, headerNames.replayForce), undefined);
  const forced = replayedRecord(record, replayOrder({ request: { source: 'commands', force: true } }));
  assert.equal(headerText(forced, headerNames.replayForce), '1');
  assert.equal(String(forced.headers['replay-force']), '1');
});

test('the headers of a fetched record are not made to read one of them', () => {
  const encoded: EncodedRecord = {
    contentBytes: 10,
    keyText: () => 'fetched key',
    headerText: (name) => (name === 'connector-id' ? 'fetched' : undefined),
  };
  const fetched = consumedRecord({ topic: 'events', offset: 4n, encoded });
  Object.defineProperty(fetched, 'headers', { get: () => assert.fail('the headers were made') });
  const again = replayedRecord(fetched, replayOrder());
  assert.deepEqual(
    [headerNames.connectorId, headerNames.replayId, headerNames.replayFrom, headerNames.traceparent].map((name) =>
      headerText(again, name),
    ),
    ['fetched', 'r1', 'events:0:4', undefined],
  );
  assert.equal(keyText(again), 'fetched key');
});

test('a replayed record is charged for its marks', () => {
  const plain = consumedRecord({ key: Buffer.from('k'), value: Buffer.from('v') });
  const again = replayedRecord(plain, replayOrder());
  const written = recordSizeBytes({ key: again.key, value: again.value, headers: again.headers });
  assert.ok(recordSizeBytes(again) >= written);
});

test('the copy of an earlier version is told from a command of a replayed event', () => {
  assert.equal(isReplayedCopy(record), false);
  assert.equal(isReplayedCopy({ ...record, headers: toHeaders({ 'replay-from': 'commands:3:7' }) }), true);
});
