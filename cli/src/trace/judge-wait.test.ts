import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeWait } from './judge-wait.ts';

const command = { offset: 40n, connectorId: 'acme' };

test('a command at or behind the cursor of its connector waits for that connector', () => {
  for (const cursor of [10n, 40n]) {
    const commit = { nextOffset: 100n, topicId: undefined, metadata: `beta=1,acme=${cursor.toString(36)}` };
    assert.equal(judgeWait(command, commit), `waits: connector acme lags, its cursor stands at offset ${cursor}`);
  }
});

test('what the commit has behind it is finished, whoever else lags', () => {
  for (const metadata of ['', 'beta=1', `acme=${41n.toString(36)}`, 'text of another program']) {
    assert.equal(judgeWait(command, { nextOffset: 100n, topicId: undefined, metadata }), undefined);
  }
});

test('a command that the dispatcher has not come to waits for it', () => {
  assert.equal(
    judgeWait(command, { nextOffset: 40n, topicId: undefined, metadata: '' }),
    'waits: the dispatcher stands at offset 40 of this partition',
  );
  assert.match(judgeWait(command, undefined) ?? '', /has committed nothing/);
});
