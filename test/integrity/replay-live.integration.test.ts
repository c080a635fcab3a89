/**
 * Live traffic beside replays at the rate that is the default: nothing of it is refused, lost, doubled or held back
 * until a replay is over. What the replays cost it in time is measured, and judged in the long form only, on a machine
 * that does nothing else: `REPLAY_LIVE_PAIRS=9 npm run with-stack -- node --test
 * test/integrity/replay-live.integration.test.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeChunk } from '@astrolabe/ledger';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { headerText } from '@astrolabe/records';
import { percentile } from '@astrolabe/testkit';
import { startTestPipeline } from '../e2e/test-pipeline.ts';
import { untilDrained } from '../e2e/until-drained.ts';
import { assertBalanced, MINUTE_MS, recordsOn, replay, sendEvents, tracks, untilCommands } from './replay-runs.ts';

const longForm = process.env['REPLAY_LIVE_PAIRS'];
const PAIRS = Number(longForm ?? 1);
const WINDOW_EVENTS = 200;
const REPLAYED_EVENTS = 200;
const PERIOD_MS = 20;

interface Delivered {
  readonly receivedAtMs: number;
  readonly freshnessMs: number;
}

/** Every live event's time from reception to delivery. */
async function freshnessOfLive(pipeline: Pipeline): Promise<Delivered[]> {
  const received = new Map<string, number>();
  for (const record of await recordsOn(pipeline, pipeline.topics.commands.name)) {
    if (headerText(record, 'message-id')?.startsWith('live-') !== true) continue;
    received.set(`${record.partition}:${record.offset}`, Date.parse(headerText(record, 'received-at') ?? ''));
  }
  const delivered: Delivered[] = [];
  for (const { partition, value } of await recordsOn(pipeline, pipeline.topics.deliveries.name)) {
    for (const { offset, atMs } of decodeChunk(value ?? Buffer.alloc(0)).deliveries()) {
      const receivedAtMs = received.get(`${partition}:${offset}`);
      if (receivedAtMs !== undefined) delivered.push({ receivedAtMs, freshnessMs: atMs - receivedAtMs });
    }
  }
  return delivered;
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
    /** Resolves when so many more were sent. */
    more: async (count: number): Promise<void> => {
      for (const upTo = answers.length + count; answers.length < upTo;) await sleep(PERIOD_MS);
    },
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
  'live events are taken and delivered while replays are under way, each once',
  { timeout: 10 * MINUTE_MS },
  async (t) => {
    const pipeline = await startTestPipeline(t, 'replay-live', {});
    const { topics } = pipeline;
    await sendEvents(pipeline, tracks('Early', REPLAYED_EVENTS));
    await untilCommands(pipeline, REPLAYED_EVENTS);
    await untilDrained(pipeline, MINUTE_MS);
    const live = startLive(pipeline);
    const forced = async (id: string): Promise<void> => {
      const report = await replay(pipeline, 'events', '--all', '--event', 'Early', '--id', id, '--force', '--yes');
      assertBalanced(report);
      assert.deepEqual([report.matched, report.delivered, report.pending], [REPLAYED_EVENTS, REPLAYED_EVENTS, 0]);
    };
    // Before anything is measured the services have compiled what they run most.
    await forced('warm-up');
    const quiet: { readonly fromMs: number; readonly toMs: number }[] = [];
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const fromMs = Date.now();
      await live.more(WINDOW_EVENTS);
      quiet.push({ fromMs, toMs: Date.now() });
      await forced(`pair-${pair}`);
    }
    const sent = await live.stop();
    await untilDrained(pipeline, MINUTE_MS);

    const delivered = await freshnessOfLive(pipeline);
    assert.equal(delivered.length, sent);
    // A replay counts from its first record to its last.
    const busy = new Map<string, { fromMs: number; toMs: number }>();
    for (const record of await recordsOn(pipeline, topics.segmentEvents.name)) {
      const id = headerText(record, 'replay-id');
      if (id?.startsWith('pair-') !== true) continue;
      const window = busy.get(id) ?? { fromMs: record.timestampMs, toMs: record.timestampMs };
      window.fromMs = Math.min(window.fromMs, record.timestampMs);
      window.toMs = Math.max(window.toMs, record.timestampMs);
      busy.set(id, window);
    }
    assert.equal(busy.size, PAIRS);
    for (const [id, { fromMs, toMs }] of busy) {
      const meanwhile = delivered.filter(
        ({ receivedAtMs, freshnessMs }) => receivedAtMs >= fromMs && receivedAtMs + freshnessMs <= toMs,
      );
      assert.ok(meanwhile.length > 0, `no live event was delivered while ${id} sent its records`);
    }
    const p99Of = ({ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): number => {
      const within = delivered.filter(({ receivedAtMs }) => receivedAtMs >= fromMs && receivedAtMs <= toMs);
      return percentile(
        within.map(({ freshnessMs }) => freshnessMs),
        0.99,
      );
    };
    const without = quiet.map(p99Of);
    const beside = [...busy.values()].map(p99Of);
    const [medianWithout, medianBeside] = [percentile(without, 0.5), percentile(beside, 0.5)];
    t.diagnostic(`live p99 freshness in ms, without a replay ${without.join(' ')}, beside one ${beside.join(' ')}`);
    t.diagnostic(`medians: ${medianWithout} without, ${medianBeside} beside, of ${sent} live events`);
    // docs/adr/0012 has figures.
    if (longForm === undefined) return;
    assert.ok(
      medianBeside <= medianWithout * 2 + 50,
      `${medianBeside} ms beside a replay, ${medianWithout} ms without`,
    );
  },
);
