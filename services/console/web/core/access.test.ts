import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAtLeast, offerOf, type Access } from './access.ts';

const replayer: Access = { role: 'replayer', readOnly: false, disabledActions: [] };

test('an action is offered to its role and those above it', () => {
  assert.deepEqual(offerOf('redrive', replayer), { kind: 'offered' });
  assert.deepEqual(offerOf('rotate-key', replayer), {
    kind: 'withheld',
    reason: 'It takes the role admin, and you have replayer.',
  });
  assert.deepEqual(offerOf('redrive', { ...replayer, role: undefined }), {
    kind: 'withheld',
    reason: 'It takes the role replayer, and you have none.',
  });
  assert.ok(isAtLeast('admin', 'viewer') && isAtLeast('reader', 'reader') && !isAtLeast('viewer', 'reader'));
});

test('what is switched off or read-only is not offered to anybody, with the reason', () => {
  const admin: Access = { role: 'admin', readOnly: false, disabledActions: ['redrive'] };
  assert.deepEqual(offerOf('redrive', admin), { kind: 'withheld', reason: 'It is switched off in this console.' });
  assert.deepEqual(offerOf('dismiss', admin), { kind: 'offered' });
  assert.deepEqual(offerOf('dismiss', { ...admin, readOnly: true }), {
    kind: 'withheld',
    reason: 'This console is read-only.',
  });
});
