/** Records of other producers, and of senders who mean harm, as an operator sees them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toDeadLetter, toHeaders } from '@astrolabe/records';
import { jsonLines, runAstrolabe } from './testing/run-astrolabe.ts';
import { startTestCluster } from './testing/test-cluster.ts';

const EVIL = '\u001b]0;owned\u0007\u009b2J\u202e\u200bx\nfake line';

test('no text of a sender brings a control character to the terminal, whichever verb shows it', async (t) => {
  const { env, topics, producer } = await startTestCluster(t, 'foreign-text');
  const value = Buffer.from(JSON.stringify({ type: 'track', event: EVIL, userId: EVIL, messageId: EVIL, p: EVIL }));
  const headers = toHeaders({ 'connector-id': EVIL, 'message-id': EVIL });
  const [position] = await producer.send(topics.segmentEvents.name, [{ key: null, value, headers, partition: 0 }]);
  assert.ok(position);
  const source = { ...position, timestampMs: Date.now(), key: Buffer.from(EVIL), value, headers };
  const cause = { code: 'event.invalid', message: EVIL, group: 'mapper', atMs: Date.now() } as const;
  await producer.send(topics.segmentEventsDeadLetters.name, [
    { ...toDeadLetter(source, cause), partition: 0 },
    { ...toDeadLetter({ ...source, value: Buffer.from(`{${EVIL}`) }, cause), partition: 0 },
  ]);
  const verbs = [
    ['tail', 'events', '--to-earliest', '--max-messages', '1', '--full'],
    ['tail', 'dead-letters', '--to-earliest', '--max-messages', '2'],
    ['trace', '--as', 'message', EVIL],
    ['trace', '--as', 'message', `${EVIL}not there`],
    ['lag', '--by-connector', '--interval', '10ms'],
    ['dlq', 'list'],
    ['dlq', 'show', 'events:0:0'],
    ['dlq', 'show', 'events:0:1'],
    ['dlq', 'show', `${EVIL}:0:1`],
    ['dlq', 'redrive', '--all'],
  ];
  for (const verb of verbs) {
    for (const args of [verb, [...verb, '--json']]) {
      const { stdout, stderr } = await runAstrolabe(args, env);
      for (const text of [stdout, stderr]) {
        assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202e]/, args.join(' '));
        assert.doesNotMatch(text, /^fake line/m, args.join(' '));
      }
    }
  }
  const [event] = jsonLines<{ messageId: string; value: { userId: string } }>(
    await runAstrolabe(['tail', 'events', '--to-earliest', '--max-messages', '1', '--json'], env),
  );
  assert.deepEqual([event?.messageId, event?.value.userId], [EVIL, EVIL], 'JSON is exact');
});

test('an event whose id is in its JSON only is traced by it, as the mapper reads it', async (t) => {
  const { env, topics, producer } = await startTestCluster(t, 'foreign-id');
  const event = (messageId: string) => ({
    key: null,
    value: Buffer.from(JSON.stringify({ type: 'track', event: 'E', userId: 'u1', message_id: messageId })),
    headers: toHeaders({ 'connector-id': 'acme' }),
  });
  await producer.send(topics.segmentEvents.name, [event('only-json'), event('with/slash'), event('other')]);
  for (const id of ['only-json', 'with/slash']) {
    const traced = await runAstrolabe(['trace', '--as', 'message', id, '--json'], env);
    assert.equal(traced.exitCode, 0, traced.stderr);
    assert.deepEqual(
      jsonLines<{ role: string; messageId: string }>(traced).map(({ role, messageId }) => [role, messageId]),
      [['event', id]],
    );
  }
});
