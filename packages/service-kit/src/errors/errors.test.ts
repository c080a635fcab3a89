import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCatalogue, errorCodes } from './error-codes.ts';
import { renderErrorCatalogue } from './error-docs.ts';
import { PipelineError, errorMessage, isPipelineError } from './errors.ts';

test('an error carries its code, whether it is retryable, its details and its cause', () => {
  const cause = new Error('connection refused');
  const error = new PipelineError('kafka.unavailable', 'no broker answered', {
    retryable: true,
    cause,
    details: { topic: 'segment.events.v1' },
  });
  assert.equal(error.code, 'kafka.unavailable');
  assert.equal(error.message, 'no broker answered');
  assert.equal(error.retryable, true);
  assert.equal(error.cause, cause);
  assert.deepEqual(error.details, { topic: 'segment.events.v1' });
  assert.match(String(error), /^PipelineError: no broker answered$/);
});

test('an error without a cause has none, not an undefined one', () => {
  assert.equal('cause' in new PipelineError('event.invalid', 'userId is a number', { retryable: false }), false);
});

test('a pipeline error is recognised by its brand and its code, and nothing else is', () => {
  const error: unknown = new PipelineError('event.invalid', 'userId is a number', { retryable: false });
  assert.equal(isPipelineError(error), true);
  assert.equal(isPipelineError(error, 'event.invalid'), true);
  assert.equal(isPipelineError(error, 'event.too-large'), false);
  for (const other of [new Error('event.invalid'), { code: 'event.invalid' }, 'event.invalid', null, undefined]) {
    assert.equal(isPipelineError(other), false);
  }
});

test('a pipeline error made by a second copy of the package is recognised', () => {
  const foreign = { code: 'event.invalid', [Symbol.for('astrolabe.pipeline-error')]: true };
  assert.equal(isPipelineError(foreign, 'event.invalid'), true);
});

test('any thrown value has a message', () => {
  assert.equal(errorMessage(new TypeError('fetch failed')), 'fetch failed');
  assert.equal(errorMessage('plain text'), 'plain text');
  assert.equal(errorMessage(undefined), 'undefined');
});

test('every code of the catalogue occurs once, is grammatical and has a meaning of whole sentences', () => {
  assert.deepEqual([...new Set(errorCodes)], errorCodes);
  assert.deepEqual(Object.keys(errorCatalogue), errorCodes);
  for (const code of errorCodes) {
    assert.match(code, /^[a-z]+\.[a-z]+(-[a-z]+)*$/);
    assert.match(errorCatalogue[code].meaning, /^[A-Z].*\.$/, code);
  }
});

test('the catalogue renders as one table row for each code', () => {
  const lines = renderErrorCatalogue().trimEnd().split('\n');
  assert.equal(lines[0], '| Code | Meaning | Who acts |');
  assert.equal(lines[1], '| --- | --- | --- |');
  assert.equal(lines.length, errorCodes.length + 2);
  assert.equal(
    lines.find((line) => line.includes('`event.invalid-json`')),
    '| `event.invalid-json` | The event, or the request that holds it, is not JSON, or not UTF-8. Send one JSON document encoded in UTF-8. | sender |',
  );
});
