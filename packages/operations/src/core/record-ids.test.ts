import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders } from '@astrolabe/records';
import { bytesOfId, messageIdOf } from './record-ids.ts';

const record = (value: string | Buffer | null, header?: string) => ({
  value: typeof value === 'string' ? Buffer.from(value) : value,
  headers: toHeaders({ 'message-id': header }),
});

test('an id is read as the mapper reads it: from the JSON under any casing, and else from the header', () => {
  const cases: readonly (readonly [string | Buffer | null, string | undefined, string | undefined])[] = [
    ['{"type":"track","userId":"u1","event":"E","messageId":"m1"}', undefined, 'm1'],
    ['{"type":"track","userId":"u1","event":"E","message_id":"m1"}', undefined, 'm1'],
    ['{"type":"track","userId":"u1","event":"E","messageId":12345678901234567890}', undefined, '12345678901234567890'],
    ['{"type":"track","userId":"u1","event":"E","messageId":"json"}', 'header', 'json'],
    ['{"type":"track","userId":"u1","messageId":"m1"}', undefined, 'm1'],
    ['{"type":"track","userId":"u1","event":"E"}', 'header', 'header'],
    ['not json', 'header', 'header'],
    [Buffer.from([0, 0, 0, 0, 1]), 'header', 'header'],
    [null, undefined, undefined],
  ];
  for (const [value, header, id] of cases) assert.equal(messageIdOf(record(value, header)), id, String(value));
});

test('an id is searched by its bytes only where JSON has one way to write it', () => {
  assert.deepEqual(bytesOfId('node-next-1-a_b.c'), Buffer.from('node-next-1-a_b.c'));
  for (const id of ['a"b', 'a\\b', 'a/b', 'é', '\u0001']) assert.equal(bytesOfId(id), undefined, id);
});
