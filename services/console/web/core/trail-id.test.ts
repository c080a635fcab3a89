import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guessKind } from './trail-id.ts';

test('an id of 32 hexadecimal digits is taken for a command, any other for a message', () => {
  assert.equal(guessKind('0123456789abcdef0123456789abcdef'), 'command');
  assert.equal(guessKind('0123456789ABCDEF0123456789abcdef'), 'message');
  assert.equal(guessKind('ajs-next-1780000000000-0123'), 'message');
});
