import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineError } from '../errors/errors.ts';
import { FaultLog } from './fault-log.ts';
import { createLogger } from './logger.ts';

test('a repeated fault is one warning, a change is another, and its end is logged once', () => {
  const lines: { level: string; msg: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) };
  const log = new FaultLog(createLogger({ name: 'test', level: 'info', destination }));
  const fault = (message: string) => new PipelineError('kafka.unauthorized', message, { retryable: true });
  log.worked({}, 'works');
  for (const message of ['a', 'a', 'a', 'b', 'b']) log.failed(fault(message), {}, `failed: ${message}`);
  log.worked({}, 'works again');
  log.worked({}, 'works again');
  log.failed(fault('b'), {}, 'failed: b');
  assert.deepEqual(
    lines.map(({ level, msg }) => [level, msg]),
    [
      ['warn', 'failed: a'],
      ['warn', 'failed: b'],
      ['info', 'works again'],
      ['warn', 'failed: b'],
    ],
  );
});
