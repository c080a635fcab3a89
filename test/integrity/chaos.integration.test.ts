/**
 * The short form of `npm run chaos`: a cluster of three brokers and two of each service, broken at random from a fixed
 * seed, while SDK-shaped traffic goes through. The long form is `npm run chaos -- --seed S --minutes 30`.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderReport, runChaos } from '@astrolabe/chaos';

const SEED = 1;
const MINUTES = 2;
const EVENTS = 4_000;
/** Start, drain and reading come to it. */
const TIMEOUT_MS = 900_000;

test(
  'whatever is broken, nothing acknowledged is lost, doubled, out of order or unaccounted for',
  { timeout: TIMEOUT_MS },
  async (t) => {
    // Kept where a promise is broken: a rare fault may not show again.
    const logDirectory = await mkdtemp(join(tmpdir(), 'astrolabe-chaos-'));
    t.diagnostic(`logs of brokers and services: ${logDirectory}`);
    const report = await runChaos({
      seed: SEED,
      minutes: MINUTES,
      events: EVENTS,
      env: process.env,
      logDirectory,
      onProgress: (line) => t.diagnostic(line),
    });
    t.diagnostic(renderReport(report));
    assert.deepEqual(report.violationCounts, {}, renderReport(report));
    assert.ok(report.figures.acknowledgedEvents >= EVENTS * 0.9, 'nearly everything was acknowledged');
    assert.ok(report.figures.replays.length >= 3, 'replays were among it');
    assert.ok(report.disturbances.filter(({ outcome }) => outcome === 'done').length >= 10);
    await rm(logDirectory, { recursive: true });
  },
);
