import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '../errors/error-codes.ts';
import { PipelineError } from '../errors/errors.ts';
import { createFaultCounter } from './fault-counts.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from '../process/metrics.ts';

function setUp() {
  const logger = createLogger({ name: 'mapper', level: 'info', destination: { write: () => undefined } });
  const metrics = createMetrics({ service: 'mapper' });
  createFaultCounter(metrics, logger);
  const values = async () => (await metrics.registry.getSingleMetric('mapper_faults_total')?.get())?.values ?? [];
  const counted = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      (await values()).filter(({ value }) => value > 0).map(({ labels, value }) => [String(labels['code']), value]),
    );
  return { logger, counted, values };
}

const away = new PipelineError('kafka.unavailable', 'no broker answers', { retryable: true });

test('faults that are logged are counted by their code, those of child loggers too, at every scrape the same', async () => {
  const { logger, counted } = setUp();
  logger.warn({ err: away }, 'a produce request failed');
  logger.child({ partition: 1 }).error({ err: away }, 'a read failed');
  logger.warn({ code: 'registry.unavailable', pauseMs: 250 }, 'waiting for the registry');
  const full = new PipelineError('ledger.disk-failed', 'the disk is full', { retryable: false });
  logger.fatal({ err: full }, 'dispatcher cannot go on');
  logger.error(full);
  const expected = { 'kafka.unavailable': 2, 'registry.unavailable': 1, 'ledger.disk-failed': 2 };
  assert.deepEqual(await counted(), expected);
  assert.deepEqual(await counted(), expected);
});

test('what is below a warning, or has no code of the catalogue, is not counted', async () => {
  const { logger, counted } = setUp();
  logger.info({ err: away }, 'it works again');
  logger.error({ err: new Error('a defect') }, 'request failed');
  logger.warn({ code: 'ECONNRESET' }, 'a socket ended');
  logger.warn('no fields');
  assert.deepEqual(await counted(), {});
});

test('every code begins at 0: an alert on an increase sees the first fault of a kind', async () => {
  const { values } = setUp();
  const begun = (await values()).map(({ labels, value }) => `${String(labels['code'])} ${value}`);
  assert.deepEqual(
    begun,
    errorCodes.map((code) => `${code} 0`),
  );
});
