/**
 * Live traffic beside a replay without a rate: nothing of it is refused, lost, doubled or held back until the replay is
 * over. What a replay costs it in time is measured by `npm run bench -- replay`.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeChunk } from '@astrolabe/ledger';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { headerText } from '@astrolabe/records';
import { eventually, spawnService, uniqueName } from '@astrolabe/testkit';
import { startTestPipeline } from '../e2e/test-pipeline.ts';
import { untilDrained } from '../e2e/until-drained.ts';
import { assertBalanced, MINUTE_MS, recordsOn, replay, sendEvents, tracks, untilCommands } from './replay-runs.ts';

const REPLAYED_EVENTS = 3_000;
const PERIOD_MS = 20;

/** When each live event's command was delivered. */
async function deliveriesOfLive(pipeline: Pipeline): Promise<number[]> {
  const live = new Set<string>();
  for (const record of await recordsOn(pipeline, pipeline.topics.commands.name)) {
    if (headerText(record, 'message-id')?.startsWith('live-') === true) {
      live.add(headerText(record, 'command-id') ?? '');
    }
  }
  const deliveredAtMs: number[] = [];
  for (const { value } of await recordsOn(pipeline, pipeline.topics.deliveries.name)) {
    for (const { commandId, atMs } of decodeChunk(value ?? Buffer.alloc(0)).deliveries()) {
      if (live.has(commandId)) deliveredAtMs.push(atMs);
    }
  }
  return deliveredAtMs;
}

/** Another consumer of the events, as somebody else runs one: how often it was given each, by message id. */
async function startOtherConsumer(t: TestContext, { addresses, topics }: Pipeline) {
  const given = new Map<string, number>();
  const consumer = await spawnService({
    name: 'other-consumer',
    entry: new URL('../../packages/kafka/src/testing/plain-consumer.ts', import.meta.url),
    env: { KAFKA_BROKERS: addresses.kafka, TOPIC: topics.segmentEvents.name, GROUP_ID: uniqueName('other') },
    onLine: (line) => {
      // What Node warns of is not JSON.
      if (!line.startsWith('{')) return;
      const { messageId } = JSON.parse(line) as { readonly messageId?: string };
      if (messageId !== undefined) given.set(messageId, (given.get(messageId) ?? 0) + 1);
    },
  });
  t.after(() => consumer.stop());
  return given;
}

/** Fifty events a second through ingest, whatever its answers take, until it is stopped. */
function startLive({ addresses }: Pipeline) {
  const { apiKey, ingest } = addresses;
  const authorization = `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const answers: Promise<number>[] = [];
  let isOver = false;
  const send = async (index: number): Promise<number> => {
    const body = { type: 'track', event: 'Live', userId: `live${index % 50}`, messageId: `live-${index}` };
    const answer = await fetch(`${ingest}/segment`, { method: 'POST', headers, body: JSON.stringify(body) });
    await answer.arrayBuffer();
    return answer.status;
  };
  const sending = (async () => {
    for (let dueAtMs = performance.now(); !isOver; dueAtMs += PERIOD_MS) {
      await sleep(Math.max(0, dueAtMs - performance.now()));
      answers.push(send(answers.length));
    }
  })();
  return {
    stop: async (): Promise<number> => {
      isOver = true;
      await sending;
      const statuses = await Promise.all(answers);
      assert.ok(statuses.every((status) => status === 200));
      return statuses.length;
    },
  };
}

test(
  'live events are taken and delivered while a replay is under way, each once',
  { timeout: 10 * MINUTE_MS },
  async (t) => {
    const pipeline = await startTestPipeline(t, 'replay-live', {});
    const { topics } = pipeline;
    const given = await startOtherConsumer(t, pipeline);
    await sendEvents(pipeline, tracks('Early', REPLAYED_EVENTS));
    await untilCommands(pipeline, REPLAYED_EVENTS);
    await untilDrained(pipeline, MINUTE_MS);
    const live = startLive(pipeline);
    const report = await replay(pipeline, 'events', '--all', '--event', 'Early', '--id', 'beside', '--force', '--yes');
    assertBalanced(report);
    assert.deepEqual([report.phase, report.matched, report.delivered], ['finished', REPLAYED_EVENTS, REPLAYED_EVENTS]);
    const sent = await live.stop();
    await untilDrained(pipeline, MINUTE_MS);

    const deliveredAtMs = await deliveriesOfLive(pipeline);
    assert.equal(deliveredAtMs.length, sent);
    // Another consumer of the events sees each of them once.
    await eventually(() => given.size >= REPLAYED_EVENTS + sent, {
      timeoutMs: MINUTE_MS,
      describe: 'the other consumer to have seen all events',
    });
    assert.deepEqual([given.size, Math.max(...given.values())], [REPLAYED_EVENTS + sent, 1]);
    const events = await recordsOn(pipeline, topics.segmentEvents.name);
    const ids = new Set(events.map((record) => headerText(record, 'message-id')));
    assert.deepEqual([events.length, ids.size], [REPLAYED_EVENTS + sent, REPLAYED_EVENTS + sent]);
    // From the first command that was made of its events to the last.
    const madeAtMs = (await recordsOn(pipeline, topics.replayedCommands.name)).map(({ timestampMs }) => timestampMs);
    const [fromMs, toMs] = [Math.min(...madeAtMs), Math.max(...madeAtMs)];
    const meanwhile = deliveredAtMs.filter((atMs) => atMs >= fromMs && atMs <= toMs);
    t.diagnostic(`${meanwhile.length} of ${sent} live events were delivered while the replay made its commands`);
    assert.ok(meanwhile.length > 0, 'no live event was delivered while the replay was under way');
  },
);
