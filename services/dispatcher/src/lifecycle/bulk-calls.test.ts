import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerText } from '@astrolabe/records';
import { upsertUser } from '../testing/commands.ts';
import { answer } from '../testing/scripted-api.ts';
import { createHandler, createSession, recordOf, turn } from '../testing/scripted-handler.ts';

const bulk = { maxCommands: 3, maxBytes: 10_000, lingerMs: 5 };

/** Records of the messages `a-1`, `b-1`: the second command of a key is `a-2`. */
function recordsOf(...messageIds: string[]) {
  return messageIds.map((messageId, index) => {
    const [userId = ''] = messageId.split('-');
    return recordOf(upsertUser({ userId, messageId }), BigInt(index), userId);
  });
}

function callsOf(effects: readonly string[]): string[] {
  return effects.filter((effect) => effect.startsWith('call ')).map((effect) => effect.slice(5));
}

function createBulkHandler() {
  const handler = createHandler({ bulk });
  const processor = handler.processorOf(createSession(handler.effects));
  const enqueue = (...messageIds: string[]) => {
    const records = recordsOf(...messageIds);
    processor.enqueue(records, BigInt(records.length));
  };
  /** Lets time pass, pause after pause, until everything is done. */
  const finish = async () => {
    const idle = processor.idle().then(() => true);
    const sleep = () =>
      handler.clock
        .advance(5)
        .then(turn)
        .then(() => false);
    while (!(await Promise.race([idle, sleep()])));
  };
  return { ...handler, enqueue, finish };
}

test('of a call that fails in part only what failed is repeated, and its key waits for it', async () => {
  const { effects, items, enqueue, finish, countsOf } = createBulkHandler();
  items.set('b-1', [503]);
  enqueue('a-1', 'b-1', 'c-1', 'a-2', 'b-2', 'c-2');
  await finish();
  const calls = callsOf(effects);
  assert.equal(calls[0], 'a-1+b-1+c-1');
  const times = (messageId: string) =>
    calls.filter((call) => call.includes(messageId) || call.includes(`users/${messageId}`));
  for (const messageId of ['a-1', 'c-1']) assert.equal(times(messageId).length, 1, messageId);
  const done = effects.filter((effect) => effect.startsWith('effect of'));
  assert.equal(done.length, 6);
  assert.ok(done.findIndex((effect) => effect.includes('b-1') || effect.includes('/users/b')) >= 4, 'a and c went on');
  assert.equal(effects.at(-1), 'committable 6');
  assert.deepEqual(await countsOf('retries'), ['acme server-error 1']);
});

test('a command that is refused is a dead letter by itself, and the others of its call are delivered', async () => {
  const { effects, items, enqueue, finish, deadLetters, countsOf } = createBulkHandler();
  items.set('b-1', [400]);
  enqueue('a-1', 'b-1', 'c-1');
  await finish();
  assert.deepEqual(callsOf(effects), ['a-1+b-1+c-1']);
  assert.deepEqual(
    deadLetters().map((deadLetter) => [headerText(deadLetter, 'dlq.offset'), headerText(deadLetter, 'dlq.status')]),
    [['1', '400']],
  );
  assert.deepEqual(await countsOf('commands'), [
    'acme UpsertUser dead-lettered api.rejected 1',
    'acme UpsertUser delivered 2',
  ]);
});

test('a call whose answer was lost is made again, and has its effects once', async () => {
  const { effects, script, enqueue, finish, countsOf } = createBulkHandler();
  script.push('effect, then lost');
  enqueue('a-1', 'b-1', 'c-1');
  await finish();
  assert.equal(effects.filter((effect) => effect.startsWith('effect of')).length, 3);
  assert.deepEqual(await countsOf('commands'), ['acme UpsertUser duplicate 3']);
  assert.equal(effects.at(-1), 'committable 3');
});

test('a key that is refused halts all commands of the call, and none is a dead letter', async () => {
  const { effects, script, enqueue, finish, deadLetters, isHalted } = createBulkHandler();
  script.push(answer(401));
  enqueue('a-1', 'b-1', 'c-1');
  await turn();
  assert.ok(isHalted());
  await finish();
  assert.deepEqual(deadLetters(), []);
  assert.equal(effects.filter((effect) => effect.startsWith('effect of')).length, 3);
});

for (const status of [404, 405, 501]) {
  test(`an API that has no bulk calls (${status}) gets single ones, each command once`, async () => {
    const { effects, script, enqueue, finish, deadLetters } = createBulkHandler();
    script.push(answer(status));
    enqueue('a-1', 'b-1', 'c-1', 'a-2');
    await finish();
    const [first, ...others] = callsOf(effects);
    assert.equal(first, 'a-1+b-1+c-1');
    assert.deepEqual(others.toSorted(), ['PUT /v1/users/a', 'PUT /v1/users/a', 'PUT /v1/users/b', 'PUT /v1/users/c']);
    assert.deepEqual(deadLetters(), []);
  });
}
