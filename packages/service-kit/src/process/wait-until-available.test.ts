import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineError } from '../errors/errors.ts';
import { createLogger } from '../logs/logger.ts';
import { createManualClock } from '../clock/manual-clock.ts';
import { waitUntilAvailable } from './wait-until-available.ts';

const unavailable = () => new PipelineError('kafka.unavailable', 'connection refused', { retryable: true });

function createWait() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  const clock = createManualClock();
  const stopping = new AbortController();
  const options = {
    what: 'Kafka at b:9092',
    clock,
    random: () => 0.5,
    logger: createLogger({ name: 'mapper', level: 'info', destination }),
    signal: stopping.signal,
  };
  return { lines, clock, stopping, options };
}

test('an available result is returned without a pause and without a log line', async () => {
  const { lines, options } = createWait();
  assert.equal(await waitUntilAvailable({ ...options, attempt: () => Promise.resolve('up') }), 'up');
  assert.deepEqual(lines, []);
});

test('pauses grow from 250 ms to 10 s while the error is retryable, each logged once', async () => {
  const { lines, clock, options } = createWait();
  let failures = 8;
  const attempt = () => (failures-- > 0 ? Promise.reject(unavailable()) : Promise.resolve('up'));
  const result = waitUntilAvailable({ ...options, attempt });
  const pauses: number[] = [];
  while (failures > 0) pauses.push(await clock.advanceToNextSleep());
  pauses.push(await clock.advanceToNextSleep());
  assert.equal(await result, 'up');
  assert.deepEqual(pauses, [125, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  assert.deepEqual(
    lines.map(({ level, msg, attempt: number, pauseMs, code, reason }) => [level, msg, number, pauseMs, code, reason]),
    [
      ...pauses.map((pauseMs, index) => [
        'warn',
        'waiting for Kafka at b:9092',
        index + 1,
        pauseMs,
        'kafka.unavailable',
        'connection refused',
      ]),
      ['info', 'Kafka at b:9092 available', 9, undefined, undefined, undefined],
    ],
  );
});

test('an error that is not retryable, or not a pipeline error, ends the wait', async () => {
  const { lines, options } = createWait();
  const final = new PipelineError('registry.schema-missing', 'no such subject', { retryable: false });
  for (const error of [final, new TypeError('fetch failed')]) {
    await assert.rejects(waitUntilAvailable({ ...options, attempt: () => Promise.reject(error) }), error);
  }
  assert.deepEqual(lines, []);
});

test('a stop ends the pause, and no further attempt is made', async () => {
  const { clock, stopping, options } = createWait();
  let attempts = 0;
  const attempt = () => {
    attempts += 1;
    return Promise.reject(unavailable());
  };
  const result = waitUntilAvailable({ ...options, attempt });
  await clock.untilSleeping();
  stopping.abort();
  await assert.rejects(result, { name: 'AbortError' });
  assert.equal(attempts, 1);
  await assert.rejects(waitUntilAvailable({ ...options, attempt }), { name: 'AbortError' });
  assert.equal(attempts, 1);
});

test('an attempt that fails because of the stop is reported as the stop', async () => {
  const { stopping, options } = createWait();
  const attempt = (signal: AbortSignal) => {
    stopping.abort();
    return Promise.reject(new Error(`aborted: ${signal.aborted}`));
  };
  await assert.rejects(waitUntilAvailable({ ...options, attempt }), { name: 'AbortError' });
});
