/**
 * Bodies that are made to cost, from a seed, without end and on many connections, against ingest with a heap of 512 MB:
 * no process ends, what it holds does not grow, and every event of honest senders arrives. How long those waited for
 * their answers is printed.
 *
 * Ten seconds; longer: `HOSTILE_SECONDS=600 TEST_TIMEOUT_FACTOR=3 npm run test:integration -- hostile-load`.
 * `HOSTILE_SEED` repeats a run, as far as the order of the requests goes.
 */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '@astrolabe/service-kit';
import { measurable } from '../integrity/held-heap.ts';
import { startHealthySender, type HealthySender } from './healthy-sender.ts';
import { drawHostileRequest, type HostileKeys, type HostileRequest } from './hostile-bodies.ts';
import { startHostilePipeline, type HostilePipeline } from './hostile-pipeline.ts';
import { newKey } from './secrets.ts';

const SECONDS = Number(process.env['HOSTILE_SECONDS'] ?? 10);
const SEED = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000);
const CONNECTIONS = 24;
/** Drawing one costs more than sending it, so each is sent some times, in another order. */
const POOL = 60;
const HEAP_MEGABYTES = 512;
/**
 * Of the heap after a collection, between a fifth of the time and its end. Tables of metrics and compiled code are some
 * megabytes.
 */
const MAX_HELD_MORE_BYTES = 20_000_000;

const healthy = { id: 'healthy', apiKey: newKey(), writeKeys: [newKey()] };
/** What gets through of the flood is what its limit allows, so that the services behind are not what is tried here. */
const flooded = {
  id: 'flooded',
  apiKey: newKey(),
  writeKeys: [newKey()],
  webhookSecret: newKey(),
  rateLimit: { eventsPerSecond: 200, burst: 5_000 },
};

let pipeline: HostilePipeline;

before(
  async () => {
    const heap = `${measurable['NODE_OPTIONS'] ?? ''} --max-old-space-size=${HEAP_MEGABYTES}`;
    pipeline = await startHostilePipeline([healthy, flooded], {
      ingest: { NODE_OPTIONS: heap, INGEST_TRUSTED_PROXIES: '1' },
    });
  },
  { timeout: 60_000 },
);
after(() => pipeline.close());

test(
  'whatever strangers and one write key send, ingest lives on in 512 MB, and every event of honest senders arrives',
  { timeout: (SECONDS + 110) * 1_000 },
  async (t) => {
    const { services, api } = pipeline;
    const { url } = services.ingest;
    const keys: HostileKeys = {
      connectorId: flooded.id,
      writeKey: flooded.writeKeys[0] ?? '',
      unknownKey: newKey(),
      corpus: await readCorpus(),
    };
    const load = startLoad(url, keys);
    const senders = {
      server: startHealthySender(url, api, healthy, { address: '192.0.2.1' }),
      browser: startHealthySender(url, api, healthy, { address: '192.0.2.2', writeKey: healthy.writeKeys[0] ?? '' }),
      "flooded customer's server": startHealthySender(url, api, flooded, { address: '192.0.2.3' }),
    };
    await sleep(SECONDS * 200);
    const heldBytes = (await pipeline.heldBytes()).ingest;
    await sleep(SECONDS * 800);
    const statuses = await load.finish();
    for (const [name, sender] of Object.entries(senders)) t.diagnostic(await describe(name, sender));
    await pipeline.assertAlive();
    const heldMore = (await pipeline.heldBytes()).ingest - heldBytes;
    t.diagnostic(`seed ${SEED}, ${SECONDS} s; answers: ${JSON.stringify(Object.fromEntries(statuses))}`);
    t.diagnostic(`ingest holds ${(heldMore / 1e6).toFixed(1)} MB more at the end than after a fifth of the time`);
    assert.ok(heldMore < MAX_HELD_MORE_BYTES, `ingest holds ${heldMore} bytes more`);
    const allowed = new Set([200, 400, 401, 415, 429, 503]);
    assert.deepEqual(
      [...statuses.keys()].filter((status) => !allowed.has(status)),
      [],
    );
    for (const status of [400, 401]) assert.ok(statuses.has(status), `nothing was answered ${status}`);
  },
);

async function describe(name: string, sender: HealthySender): Promise<string> {
  const { events, slowestMs, answersMs } = await sender.finish();
  const at = (part: number): string => (answersMs[Math.floor(answersMs.length * part)] ?? 0).toFixed(0);
  return `${name}: ${events} events, answered in p50 ${at(0.5)} ms, p99 ${at(0.99)} ms; the slowest reached the API in ${slowestMs} ms`;
}

/** Sends until it is told to end, and then tells how often it was answered with which status. */
function startLoad(url: string, keys: HostileKeys): { finish(): Promise<ReadonlyMap<number, number>> } {
  const random = seededRandom(SEED);
  const draw = (): HostileRequest => drawHostileRequest(random, keys);
  const pool = Array.from({ length: POOL }, draw);
  const statuses = new Map<number, number>();
  const ending = new AbortController();
  const send = async (connection: number): Promise<void> => {
    for (let round = 0; !ending.signal.aborted; round += 1) {
      const at = Math.floor(random() * POOL);
      const request = pool[at];
      if (request === undefined) continue;
      // Now and then another one takes its place, so that the longest run sends what no earlier one has.
      if (connection === 0 && round % 4 === 0) pool[at] = draw();
      const { path, headers, body } = request;
      const response = await fetch(url + path, { method: 'POST', headers, body: new Uint8Array(body) });
      await response.arrayBuffer();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    }
  };
  const sending = Promise.all(Array.from({ length: CONNECTIONS }, (_, connection) => send(connection)));
  sending.catch(() => undefined);
  return {
    finish: async () => {
      ending.abort();
      await sending;
      return statuses;
    },
  };
}

async function readCorpus(): Promise<readonly Buffer[]> {
  const folder = new URL('corpus/request/', import.meta.url);
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map((name) => readFile(new URL(name, folder))));
}
