import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders } from '@astrolabe/records';
import { consumedRecord } from '@astrolabe/records/testing';
import type { CommandDecoder } from '@astrolabe/records/serde';
import { matchCommand, matchEvent } from './match-record.ts';
import type { ReplayRequest } from './replay-request.ts';

const headers = toHeaders({ 'connector-id': 'acme', 'replay-from': 'events:0:1' });
const command = consumedRecord({ topic: 'commands', value: Buffer.from([0, 0, 0, 0, 1]), headers });
const request: ReplayRequest = { source: 'commands', toEarliest: true, connector: ['acme'] };

test('the copies of earlier replays are left out, and commands of a replayed event are not', () => {
  const copy = { ...command, headers: { ...headers, ...toHeaders({ 'replay-from': 'commands:3:7' }) } };
  assert.equal(matchCommand(command, request, undefined), 'matched');
  assert.equal(matchCommand(copy, request, undefined), 'replayedBefore');
  assert.equal(matchCommand(copy, { ...request, includeReplayed: true }, undefined), 'matched');
  assert.equal(matchCommand(command, { ...request, connector: ['other'] }, undefined), 'filteredOut');
});

test('events are selected by their content', () => {
  const event = consumedRecord({
    topic: 'events',
    key: Buffer.from('["acme","user","ada"]'),
    value: Buffer.from('{"type":"Track","event":"E","userId":"ada"}'),
  });
  const outcomes = [{ user: 'ada' }, { type: 'track', event: 'E' }, { event: 'F' }, { user: 'bob' }, { account: 'a' }];
  assert.deepEqual(
    outcomes.map((filter) => matchEvent(event, { source: 'events', ...filter })),
    ['matched', 'matched', 'filteredOut', 'filteredOut', 'filteredOut'],
  );
  for (const value of [null, Buffer.from('{'), Buffer.from([0xff])]) {
    assert.equal(matchEvent({ ...event, value }, { source: 'events', type: 'track' }), 'filteredOut');
  }
});

test('commands are selected by what their decoder reads, and by the key where it reads nothing', async () => {
  const keyed = { ...command, key: Buffer.from('["acme","account","a1"]') };
  const decoder: CommandDecoder = {
    decode: () => ({ kind: 'undecodable', code: 'command.undecodable', reason: 'it is none' }),
  };
  assert.equal(await matchCommand(keyed, { source: 'commands', account: 'a1' }, decoder), 'matched');
  assert.equal(await matchCommand(keyed, { source: 'commands', type: 'upsert_account' }, decoder), 'filteredOut');
});
