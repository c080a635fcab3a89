import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerText } from '@astrolabe/records';
import { upsertUser } from '../testing/commands.ts';
import { createHandler, recordOf } from '../testing/scripted-handler.ts';
import { answer } from '../testing/scripted-api.ts';
import { createInMemoryLedger, type DeliveryLedger } from './delivery-ledger.ts';

type Life = ReturnType<typeof createHandler>;

/** One life of a process: it calls once, gets `status`, and crashes during the pause, if there is one. */
async function liveUntilFirstPause(ledger: DeliveryLedger, status: number, offset = 0n): Promise<Life> {
  const life = createHandler({ ledger });
  life.script.push(answer(status));
  const crash = new AbortController();
  const running = life.run(recordOf(upsertUser(), offset), crash.signal);
  await Promise.race([running, life.clock.untilSleeping()]);
  if (life.deadLetters().length > 0) await running;
  crash.abort();
  await running.catch(() => undefined);
  return life;
}

test('a command that fails for its whole budget is a dead letter, however often its process begins again', async () => {
  const ledger = createInMemoryLedger();
  let lives = 0;
  let life: Life;
  do {
    life = await liveUntilFirstPause(ledger, 500);
    lives += 1;
  } while (life.deadLetters().length === 0 && lives < 1_000);
  const [deadLetter] = life.deadLetters();
  assert.ok(deadLetter, 'it is retried without end');
  assert.equal(headerText(deadLetter, 'dlq.code'), 'api.retries-exhausted');
  // A minute in pauses of 100, 200, 400 and then 500 ms: they go on growing, too.
  assert.equal(lives, 122);
  assert.equal(headerText(deadLetter, 'dlq.delivery.count'), '122');
  assert.equal(
    ledger.attempts(ledger.deliveries[0]?.commandId ?? ''),
    undefined,
    'the end is what is known from now on',
  );
});

test('a command that is sent in again after its dead letter has the whole budget again', async () => {
  const ledger = createInMemoryLedger();
  await liveUntilFirstPause(ledger, 500, 0n);
  await liveUntilFirstPause(ledger, 500, 7n);
  const [{ count, spentMs } = { count: 0, spentMs: 0 }] = [ledger.attempts(upsertUser().record.commandId)];
  assert.deepEqual([count, spentMs], [1, 100]);
});

test('neither a refused key nor the time between two lives uses up the budget', async () => {
  const ledger = createInMemoryLedger();
  await liveUntilFirstPause(ledger, 500);
  const known = ledger.attempts(upsertUser().record.commandId);
  const refused = createHandler({ ledger });
  refused.clock.jump(7 * 86_400_000);
  refused.script.push(...Array.from({ length: 100 }, () => answer(401)), answer(500), answer(200));
  const running = refused.run(recordOf(upsertUser()));
  const over = running.then(() => true);
  while (!(await Promise.race([over, refused.clock.advanceToNextSleep().then(() => false)]))) continue;
  assert.deepEqual(refused.deadLetters(), []);
  assert.deepEqual([known?.count, known?.spentMs], [1, 100]);
});
