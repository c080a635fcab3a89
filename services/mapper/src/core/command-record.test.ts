import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from '@astrolabe/schemas';
import { eventRecord, receivedAtMs } from '../testing/events.ts';
import { commandKey, commandRecord } from './command-record.ts';

const common = {
  commandId: '0123456789abcdef0123456789abcdef',
  connectorId: 'acme',
  messageId: 'm-1',
  occurredAt: 1,
  receivedAt: receivedAtMs,
};
const track = { ...common, event: 'e', properties: {}, userProperties: {} };

test('the key names what the command changes, so all changes of it keep their order', () => {
  const keys: readonly (readonly [Command, string])[] = [
    [{ kind: 'UpsertUser', record: { ...common, userId: 'u', properties: {} } }, '["acme","user","u"]'],
    [{ kind: 'DeleteUser', record: { ...common, userId: 'u' } }, '["acme","user","u"]'],
    [{ kind: 'AssociateUser', record: { ...common, userId: 'u', accountId: 'a' } }, '["acme","user","u"]'],
    [{ kind: 'UpsertAccount', record: { ...common, accountId: 'a', properties: {} } }, '["acme","account","a"]'],
    [{ kind: 'TrackEvent', record: { ...track, userId: 'u', anonymousId: 'v' } }, '["acme","user","u"]'],
    [{ kind: 'TrackEvent', record: { ...track, userId: null, anonymousId: 'v' } }, '["acme","anonymous","v"]'],
  ];
  for (const [command, key] of keys) assert.equal(commandKey(command), key);
});

test("a command record carries the source's headers, trace and replay marks included, and the command's id", () => {
  const source = eventRecord({});
  const headers = { ...source.headers, traceparent: Buffer.from('00-1-2-01'), 'replay-id': Buffer.from('r') };
  const command: Command = { kind: 'DeleteUser', record: { ...common, userId: 'u' } };
  const value = Buffer.from([1]);
  const record = commandRecord(command, value, { ...source, headers }, undefined);
  assert.equal(record.value, value);
  assert.equal(record.key?.toString(), '["acme","user","u"]');
  assert.equal(record.partition, undefined, 'the key places it');
  assert.deepEqual(
    Object.fromEntries(Object.entries(record.headers).map(([name, bytes]) => [name, bytes.toString()])),
    {
      'connector-id': 'acme',
      'message-id': 'm-1',
      'received-at': '2025-11-24T10:30:00.000Z',
      traceparent: '00-1-2-01',
      'replay-id': 'r',
      'command-id': common.commandId,
    },
  );
});

test("a command whose time was clamped carries its event's own time", () => {
  const command: Command = { kind: 'DeleteUser', record: { ...common, userId: 'u' } };
  const clamped = { reason: 'far-future', original: '2099-01-01T00:00:00Z' } as const;
  const { headers } = commandRecord(command, Buffer.from([1]), eventRecord({}), clamped);
  assert.equal(headers['occurred-at-clamped']?.toString(), '2099-01-01T00:00:00Z');
});
