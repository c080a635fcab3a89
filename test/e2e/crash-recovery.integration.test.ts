/**
 * Each service is killed once with SIGKILL in the middle of 2,000 events. In the end the API has the state that the
 * events alone determine, and every event is accounted for at every hop.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTopic } from '@astrolabe/kafka';
import { headerNames, headerText } from '@astrolabe/records';
import { createCommandDecoder, type DecodedCommand } from '@astrolabe/records/serde';
import { expectState } from './expected-state.ts';
import { readCounters } from './operator.ts';
import { readState } from './read-state.ts';
import { sendUntilStored } from './send-until-stored.ts';
import { startTestPipeline } from './test-pipeline.ts';
import { generateTraffic } from './traffic.ts';
import { untilDrained } from './until-drained.ts';

const EVENTS = 2_000;
const BATCH = 20;
const SEED = 20_261_124;

test('after a kill -9 of each service in the middle of 2,000 events the API holds exactly the state that they determine', async (t) => {
  const pipeline = await startTestPipeline(t, 'crash', {
    DISPATCHER_RETRY_BASE_MS: '20',
    DISPATCHER_RETRY_MAX_MS: '500',
  });
  const { services, addresses, topics } = pipeline;

  const events = generateTraffic({ seed: SEED, count: EVENTS, users: 200, accounts: 30 });
  const batches = Array.from({ length: EVENTS / BATCH }, (_, index) =>
    events.slice(index * BATCH, (index + 1) * BATCH),
  );
  const crashes = new Map([
    [batches.length * 0.25, services.ingest[0]],
    [batches.length * 0.5, services.mapper[0]],
    [batches.length * 0.75, services.dispatcher[0]],
  ]);
  const restarts: Promise<void>[] = [];
  let failures = 0;
  for (const [index, batch] of batches.entries()) {
    const victim = crashes.get(index);
    const sending = sendUntilStored(addresses.ingest, addresses.apiKey, batch);
    if (victim !== undefined) restarts.push(victim.kill().then(() => victim.start()));
    failures += (await sending).failures;
  }
  await Promise.all(restarts);
  t.diagnostic(`${EVENTS} events acknowledged; ${failures} sends were repeated while ingest was down`);

  const { state, commandCount } = expectState(events);
  await untilDrained(pipeline, 60_000);
  assert.deepEqual(await readState(addresses.astrolabe, addresses.apiKey), state);

  // Every event is on the event topic, and every command that it stands for on the command topic, once.
  const storedIds = new Set<string>();
  await readTopic({ connection: pipeline.kafka, topic: topics.segmentEvents.name }, (record) => {
    storedIds.add(headerText(record, headerNames.messageId) ?? '');
  });
  assert.deepEqual([...storedIds].sort(), events.map(({ messageId }) => messageId).sort());

  const decoder = createCommandDecoder(pipeline.schemaRegistry);
  const decoded: Promise<DecodedCommand>[] = [];
  await readTopic({ connection: pipeline.kafka, topic: topics.commands.name }, (record) => {
    decoded.push(Promise.resolve(decoder.decode(record.value)));
  });
  const commandIds = (await Promise.all(decoded)).map((each) =>
    each.kind === 'command' ? each.command.record.commandId : each.reason,
  );
  assert.equal(new Set(commandIds).size, commandCount);
  assert.equal(commandIds.length, commandCount, 'no command is on the topic twice');
  t.diagnostic(`${commandCount} commands, each once on the topic`);

  for (const topic of [topics.segmentEventsDeadLetters.name, topics.commandsDeadLetters.name]) {
    assert.equal(await readTopic({ connection: pipeline.kafka, topic }, () => undefined), 0, `${topic} is empty`);
  }
  const counters = await readCounters(pipeline);
  t.diagnostic(`the API's counters: ${JSON.stringify(counters)}`);
  assert.equal(counters.applied + counters.unchanged, commandCount, 'every command was executed once');
  assert.equal(counters.keysReused, 0, 'no key was used for another command');
});
