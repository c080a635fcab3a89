import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createMovingMember } from '../../../testing/moving-coordinator.ts';
import { loadOriginal, loadPatched } from '../../../testing/original-kafkajs.ts';

/** More than a member tries before it crashes. */
const MANY = 12;

async function start(t: TestContext, load: typeof loadPatched) {
  const member = createMovingMember(load);
  t.after(() => member.stop());
  await member.start();
  return member;
}

type Member = Awaited<ReturnType<typeof start>>;

async function untilAnsweredAgain(member: Member): Promise<void> {
  const before = member.answeredFetches();
  await member.until(() => member.answeredFetches() > before || member.crashes.length > 0);
}

/** Until it crashes, or has been through all of them. */
async function loseConnectionsNowAndThen(member: Member): Promise<void> {
  for (let times = 0; times < MANY && member.crashes.length === 0; times += 1) {
    await untilAnsweredAgain(member);
    member.answerNext('fetch', 'connection broken');
    await member.until(() => member.haveAllBeenAsked() || member.crashes.length > 0);
  }
  await untilAnsweredAgain(member);
}

test('fetches that fail now and then, with answers between them, never crash a consumer; the original crashes at the ninth', async (t) => {
  const original = await start(t, loadOriginal);
  await loseConnectionsNowAndThen(original);
  assert.equal(original.crashes.length, 1);

  const patched = await start(t, loadPatched);
  await loseConnectionsNowAndThen(patched);
  assert.deepEqual([patched.joins(), patched.crashes], [1, []]);
});

test('a broker whose every fetch fails crashes a consumer, which then starts over', async (t) => {
  const member = await start(t, loadPatched);
  await untilAnsweredAgain(member);
  member.answerNext('fetch', ...Array<'connection broken'>(MANY).fill('connection broken'));
  await member.until(() => member.crashes.length > 0);
  assert.equal(member.crashes[0]?.name, 'KafkaJSNumberOfRetriesExceeded');
});

test('an answer that no other fetch can better is not repeated', async (t) => {
  const member = await start(t, loadPatched);
  await untilAnsweredAgain(member);
  const SASL_AUTHENTICATION_FAILED = 58;
  member.answerNext('fetch', SASL_AUTHENTICATION_FAILED);
  await member.until(() => member.crashes.length > 0);
  assert.equal(member.crashes[0]?.name, 'KafkaJSNonRetriableError');
});
