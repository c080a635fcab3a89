import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeWait } from './judge-wait.ts';

const command = { offset: 40n, connectorId: 'acme' };

test('a command at or behind the cursor of its connector waits for that connector', () => {
  for (const cursor of [10n, 40n]) {
    const commit = { nextOffset: 100n, topicId: undefined, metadata: `beta=1,acme=${cursor.toString(36)}` };
    assert.deepEqual(judgeWait(command, commit), { kind: 'connector-lags', connectorId: 'acme', cursor });
  }
});

test('a command below the committed offset is finished, although other connectors lag', () => {
  for (const metadata of ['', 'beta=1', `acme=${41n.toString(36)}`, 'text of another program']) {
    assert.equal(judgeWait(command, { nextOffset: 100n, topicId: undefined, metadata }), undefined);
  }
});

test('a command that the dispatcher has not reached waits for it', () => {
  assert.deepEqual(judgeWait(command, { nextOffset: 40n, topicId: undefined, metadata: '' }), {
    kind: 'not-reached',
    nextOffset: 40n,
  });
  assert.deepEqual(judgeWait(command, undefined), { kind: 'nothing-committed' });
});
