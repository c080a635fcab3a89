/**
 * An archive goes in twice while all services run: the second time has no effect. `BACKFILL_EVENTS=100000
 * TEST_TIMEOUT_FACTOR=4` is the long form.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { expectState } from './expected-state.ts';
import { operate, readCounters } from './operator.ts';
import { readState } from './read-state.ts';
import { startTestPipeline } from './test-pipeline.ts';
import { generateTraffic } from './traffic.ts';
import { untilDrained } from './until-drained.ts';

const EVENTS = Number(process.env['BACKFILL_EVENTS'] ?? 2_000);
const SEED = 20_261_125;
const DRAIN_TIMEOUT_MS = 60_000 + EVENTS * 10;

const title =
  'a backfill of an archive that runs twice leaves Astrolabe as the first run left it, and no command is applied again';

test(title, { timeout: 6 * DRAIN_TIMEOUT_MS }, async (t) => {
  const pipeline = await startTestPipeline(t, 'backfill', {});
  const { addresses, folder } = pipeline;
  const events = generateTraffic({ seed: SEED, count: EVENTS, users: 200, accounts: 30 });
  const { state, commandCount } = expectState(events);
  const archive = join(folder.path, 'archive.ndjson');
  await writeFile(archive, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const backfill = async (): Promise<number> => {
    const startedAtMs = performance.now();
    const stored = await operate<{ events: number; deadLetters: number }>(
      pipeline,
      ...['backfill', '--connector', addresses.connector, archive, '--execute'],
    );
    assert.deepEqual([stored.events, stored.deadLetters], [EVENTS, 0]);
    await untilDrained(pipeline, DRAIN_TIMEOUT_MS);
    return Math.round(performance.now() - startedAtMs);
  };

  const firstMs = await backfill();
  const first = await readCounters(pipeline);
  assert.equal(first.applied + first.unchanged, commandCount, 'every command was executed once');
  assert.deepEqual(await readState(addresses.astrolabe, addresses.apiKey), state);

  const secondMs = await backfill();
  const second = await readCounters(pipeline);
  t.diagnostic(`${EVENTS} events: ${JSON.stringify({ commandCount, firstMs, secondMs, first, second })}`);
  assert.equal(second.applied, first.applied, 'the second run applies nothing');
  assert.equal(second.unchanged, first.unchanged, 'the second run executes nothing');
  assert.equal(second.keysReused, 0, 'no key was used for another command');
  assert.deepEqual(await readState(addresses.astrolabe, addresses.apiKey), state);
});
