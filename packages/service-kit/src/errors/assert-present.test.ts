import assert from 'node:assert/strict';
import { test } from 'node:test';
import { present } from './assert-present.ts';

test('what is there is given back, falsy values too, and what is missing stops the process with service.defect', () => {
  for (const value of [0, '', false, null, 0n]) assert.equal(present(value, 'a value'), value);
  assert.throws(() => present(undefined, 'the offset of a stored batch'), {
    code: 'service.defect',
    retryable: false,
    message: 'the offset of a stored batch is missing: a defect of this program',
  });
});
