/** Dead letters go back while all services run, once what made them is repaired. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRecordProducer } from '@astrolabe/kafka';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { toHeaders } from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import { eventually } from '@astrolabe/testkit';
import { expectState } from './expected-state.ts';
import { operate, readCounters, type WaitingDeadLetters } from './operator.ts';
import { readState } from './read-state.ts';
import { sendUntilStored } from './send-until-stored.ts';
import { startTestPipeline } from './test-pipeline.ts';
import { generateTraffic } from './traffic.ts';
import { untilDrained } from './until-drained.ts';

const DRAIN_TIMEOUT_MS = 60_000;

interface Redriven {
  readonly redriven: number;
  readonly edited: number;
}

const listDeadLetters = (pipeline: Pipeline): Promise<WaitingDeadLetters> => operate(pipeline, 'dlq', 'list');

/** A selection in which nothing waits is answered before anything is sent. */
async function assertNothingIsLeft(pipeline: Pipeline, redriven: number, ...selection: string[]): Promise<void> {
  assert.deepEqual(await listDeadLetters(pipeline), { waiting: 0, redriven, dismissed: 0, groups: [] });
  const again = await operate(pipeline, 'dlq', 'redrive', ...selection, '--execute');
  const none = { dismissed: 0, exhausted: 0, refused: 0, untrusted: [], missing: [] };
  assert.deepEqual(again, { dryRun: false, waiting: 0, wouldBeSent: 0, alreadyRedriven: redriven, ...none });
}

test('commands that the API refused are delivered by one redrive after the repair, and the state is as if it had never refused', async (t) => {
  const pipeline = await startTestPipeline(t, 'redrive', {});
  const { addresses } = pipeline;
  const events = generateTraffic({ seed: 20_261_126, count: 600, users: 60, accounts: 10 });
  const { state, commandCount } = expectState(events);
  const faults = `${addresses.astrolabe}/__reference/faults`;
  const send = async (from: number, to: number): Promise<void> => {
    await sendUntilStored(addresses.ingest, addresses.apiKey, events.slice(from, to));
    await untilDrained(pipeline, DRAIN_TIMEOUT_MS);
  };

  await send(0, 200);
  const executed = await readCounters(pipeline);
  const before = executed.applied + executed.unchanged;
  const scripted = await fetch(faults, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ faults: [{ kind: 'status', status: 400 }] }),
  });
  assert.equal(scripted.status, 200);
  await send(200, 400);
  const refused = expectState(events.slice(200, 400)).commandCount;
  const list = await listDeadLetters(pipeline);
  assert.deepEqual(
    list.groups.map(({ code, waiting }) => [code, waiting]),
    [['api.rejected', refused]],
  );
  assert.equal(list.waiting, refused);
  assert.ok((await fetch(faults, { method: 'DELETE' })).ok);
  await send(400, 600);
  const after = await readCounters(pipeline);
  assert.equal(after.applied + after.unchanged, commandCount - refused, 'what was refused has had no effect');
  assert.equal(before, expectState(events.slice(0, 200)).commandCount);

  const done = await operate<Redriven>(pipeline, 'dlq', 'redrive', '--code', 'api.rejected', '--execute');
  assert.deepEqual([done.redriven, done.edited], [refused, 0]);
  await untilDrained(pipeline, DRAIN_TIMEOUT_MS);
  await assertNothingIsLeft(pipeline, refused, '--code', 'api.rejected');
  const end = await readCounters(pipeline);
  t.diagnostic(`${commandCount} commands, ${refused} of them refused and redriven: ${JSON.stringify(end)}`);
  assert.equal(end.applied + end.unchanged, commandCount, 'every command was executed once');
  assert.equal(end.keysReused, 0, 'no key was used for another command');
  assert.deepEqual(await readState(addresses.astrolabe, addresses.apiKey), state);
});

test('an event of a bad shape is exported, edited and redriven, and its commands are delivered', async (t) => {
  const pipeline = await startTestPipeline(t, 'edited', {});
  const { addresses, connector, topics, folder } = pipeline;
  const messageId = 'bad-shape-1';
  const event = { type: 'track', userId: 'u1', messageId, timestamp: '2026-03-01T10:00:00.000Z', properties: { n: 1 } };
  const producer = await createRecordProducer({
    connection: pipeline.kafka,
    logger: createLogger({ name: 'redrive-test', level: 'silent' }),
  });
  t.after(() => producer.close());
  // Ingest would reject such an event. Written straight to the topic, it gets as far as the mapper.
  const headers = toHeaders({
    'connector-id': connector.id,
    'message-id': messageId,
    'received-at': '2026-03-01T10:00:01.000Z',
  });
  const key = Buffer.from(JSON.stringify([connector.id, 'user', 'u1']));
  await producer.send(topics.segmentEvents.name, [{ key, value: Buffer.from(JSON.stringify(event)), headers }]);
  const list = await eventually(
    async () => {
      const found = await listDeadLetters(pipeline);
      return found.waiting > 0 ? found : undefined;
    },
    { timeoutMs: DRAIN_TIMEOUT_MS, describe: 'a dead letter of the mapper' },
  );
  t.diagnostic(`the mapper gave it up: ${JSON.stringify(list.groups)}`);
  assert.equal(list.waiting, 1);

  const file = join(folder.path, 'dead-letters.ndjson');
  assert.equal((await operate<{ exported: number }>(pipeline, 'dlq', 'export', '--out', file)).exported, 1);
  const text = await readFile(file, 'utf8');
  const repaired = text.replace('"type":"track"', '"type":"track","event":"Repaired"');
  assert.notEqual(repaired, text);
  await writeFile(file, repaired);
  const done = await operate<Redriven>(pipeline, 'dlq', 'redrive', '--from-file', file, '--execute');
  assert.deepEqual([done.redriven, done.edited], [1, 1]);
  await untilDrained(pipeline, DRAIN_TIMEOUT_MS);
  await assertNothingIsLeft(pipeline, 1, '--from-file', file);
  const { applied, unchanged } = await readCounters(pipeline);
  assert.equal(applied + unchanged, 1);
  const { events } = await readState(addresses.astrolabe, addresses.apiKey);
  assert.deepEqual(events, [JSON.stringify([event.timestamp, 'Repaired', 'u1', null, { n: 1 }])]);
});
