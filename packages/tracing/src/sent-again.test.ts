import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHeaders } from '@astrolabe/records';
import { consumedRecord } from '@astrolabe/records/testing';
import { isSentAgain } from './sent-again.ts';

const deadLetters = 'commands.dlq';
const command = (headers: Parameters<typeof toHeaders>[0]) =>
  consumedRecord({ topic: 'commands', headers: toHeaders(headers) });

test('what a replay or a redrive sends to a topic again is told from what is made of it', () => {
  assert.equal(isSentAgain(command({}), deadLetters), false);
  assert.equal(isSentAgain(command({ 'replay-from': 'commands:3:7' }), deadLetters), true);
  assert.equal(isSentAgain(command({ 'replay-from': 'events:3:7' }), deadLetters), false);
  assert.equal(isSentAgain(command({ 'redrive-from': 'commands.dlq:3:7' }), deadLetters), true);
  assert.equal(isSentAgain(command({ 'redrive-from': 'events.dlq:3:7' }), deadLetters), false);
});
