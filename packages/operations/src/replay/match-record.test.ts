import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders } from '@astrolabe/records';
import type { ReplayRequest } from './core/replay-state.ts';
import { matchRecord } from './match-record.ts';
import { record } from '../testing/replayed-command.ts';

const request: ReplayRequest = { source: 'commands', toEarliest: true, connector: ['acme'] };

test('the copies of earlier replays are skipped, and commands made of a replayed event are not', async () => {
  const copy = { ...record, headers: { ...record.headers, ...toHeaders({ 'replay-from': 'commands:3:7' }) } };
  assert.equal(await matchRecord(record, request, undefined), 'matched');
  assert.equal(await matchRecord(copy, request, undefined), 'replayedBefore');
  assert.equal(await matchRecord(copy, { ...request, includeReplayed: true }, undefined), 'matched');
  assert.equal(await matchRecord(record, { ...request, connector: ['other'] }, undefined), 'filteredOut');
});

test('events are selected by their content', async () => {
  const event = {
    ...record,
    key: Buffer.from('["acme","user","ada"]'),
    value: Buffer.from('{"type":"Track","event":"E","userId":"ada"}'),
  };
  const outcomes = await Promise.all(
    [{ user: 'ada' }, { type: 'track', event: 'E' }, { event: 'F' }, { user: 'bob' }, { account: 'a' }].map((filter) =>
      matchRecord(event, { source: 'events', ...filter }, undefined),
    ),
  );
  assert.deepEqual(outcomes, ['matched', 'matched', 'filteredOut', 'filteredOut', 'filteredOut']);
});
