import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PipelineError } from '../errors/errors.ts';
import { createLogger, type LogLevel } from './logger.ts';

type Line = Record<string, unknown>;

function createRecordingLogger(level: LogLevel = 'info') {
  const lines: Line[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) };
  return { logger: createLogger({ name: 'ingest', level, destination }), lines };
}

test('a line is one JSON object with the level as a word, the time in ISO 8601 and the name of the process', () => {
  const { logger, lines } = createRecordingLogger();
  logger.info({ url: 'http://127.0.0.1:1', adminUrl: 'http://127.0.0.1:2' }, 'listening');
  const [{ time, hostname, ...line } = {}] = lines;
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(typeof hostname, 'string');
  assert.deepEqual(line, {
    level: 'info',
    name: 'ingest',
    pid: process.pid,
    url: 'http://127.0.0.1:1',
    adminUrl: 'http://127.0.0.1:2',
    msg: 'listening',
  });
});

test('lines below the level are not written, and silent writes none', () => {
  const { logger, lines } = createRecordingLogger('warn');
  logger.info('not this');
  logger.warn('this');
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ['this'],
  );
  const silent = createRecordingLogger('silent');
  silent.logger.fatal('not this');
  assert.deepEqual(silent.lines, []);
});

test('keys and passwords never appear, whether logged, nested, bound to a child or carried by an error', () => {
  const { logger, lines } = createRecordingLogger();
  const secret = 'hunter2';
  logger.info({ apiKey: secret, connector: { writeKeys: [secret], id: 'acme' } }, 'nested');
  logger.info({ headers: { Authorization: secret }, list: [{ password: secret }] }, 'in arrays');
  logger.child({ apiKey: secret }).child({ inner: { secret } }).info('bound');
  const details = { connector: 'acme', writeKey: secret };
  const cause = Object.assign(new Error('refused'), { config: { authorization: secret } });
  logger.error({ err: new PipelineError('api.rejected', 'refused', { retryable: false, cause, details }) }, 'thrown');
  logger.error(new PipelineError('api.rejected', 'refused', { retryable: false, cause, details }));
  assert.equal(lines.length, 5);
  assert.doesNotMatch(JSON.stringify(lines), /hunter2/);
  assert.deepEqual(lines[0]?.['connector'], { writeKeys: '[redacted]', id: 'acme' });
});

test('an error shows its code, whether it is retryable, its details and its causes, each once', () => {
  const { logger, lines } = createRecordingLogger();
  const cause = new Error('connection refused');
  logger.warn({ err: new PipelineError('kafka.unavailable', 'no broker', { retryable: true, cause }) }, 'waiting');
  const { stack, cause: shownCause, ...err } = lines[0]?.['err'] as Line;
  assert.match(String(stack), /^PipelineError: no broker/);
  assert.deepEqual(err, {
    type: 'PipelineError',
    message: 'no broker',
    code: 'kafka.unavailable',
    retryable: true,
    details: {},
  });
  assert.equal((shownCause as Line)['message'], 'connection refused');
});

test('offsets, being bigints, are written as numbers at any depth', () => {
  const { logger, lines } = createRecordingLogger();
  logger.info({ offset: 12n, record: { offset: 13n } }, 'committed');
  assert.deepEqual([lines[0]?.['offset'], lines[0]?.['record']], [12, { offset: 13 }]);
});

test('what an API says reaches the log as characters that can be seen, and is the same text', () => {
  const said = 'status 503: \u009b2J\u001b]0;t\u0007 \u202egnp.exe\u200b\u007f';
  let text = '';
  const destination = { write: (line: string) => void (text += line) };
  const logger = createLogger({ name: 'dispatcher', level: 'info', destination });
  logger.warn({ reason: said, err: new Error(said) }, said);
  assert.match(text, /^[\x20-\x7e]+\n$/);
  const { reason, msg, err } = JSON.parse(text) as { reason: string; msg: string; err: { message: string } };
  assert.deepEqual([reason, msg, err.message], [said, said, said]);
});
