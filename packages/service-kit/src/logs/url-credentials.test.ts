import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hideUserinfo } from '../config/config-problems.ts';
import { PipelineError } from '../errors/errors.ts';
import { createLogger } from './logger.ts';
import { hideUrlCredentials, splitUrlCredentials } from './url-credentials.ts';

test('credentials in a URL are hidden anywhere in a text, and the rest is kept', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['http://user:hunter2@host:8081/path', 'http://[redacted]@host:8081/path'],
    [
      'waiting for https://user:hunter2@host; see https://docs/',
      'waiting for https://[redacted]@host; see https://docs/',
    ],
    ['"http://a:hunter2@b" and "http://c:hunter2@d/e"', '"http://[redacted]@b" and "http://[redacted]@d/e"'],
    ['http://hunter2@host/', 'http://[redacted]@host/'],
    ['http://user:hun@ter2@host/', 'http://[redacted]@host/'],
    ['http://host/users/a@b.example', 'http://host/users/a@b.example'],
    ['http://host/?mail=a@b.example', 'http://host/?mail=a@b.example'],
    ['a@b.example', 'a@b.example'],
  ];
  for (const [text, shown] of cases) assert.equal(hideUrlCredentials(text), shown);
});

test('a log line hides credentials in URLs: in its message, its fields, its errors, their causes and stacks', () => {
  const lines: string[] = [];
  const logger = createLogger({ name: 'test', level: 'info', destination: { write: (line) => void lines.push(line) } });
  const url = 'http://user:hunter2@host:8081/';
  const cause = new TypeError(`cannot fetch ${url}`);
  const error = new PipelineError('registry.unavailable', `at ${url}`, { retryable: true, cause, details: { url } });
  logger.warn({ err: error, url, nested: [{ url }], [url]: 1 }, `waiting for ${url}`);
  logger.child({ url }).info('bound');
  assert.equal(lines.length, 2);
  for (const line of lines) {
    assert.doesNotMatch(line, /hunter2/);
    assert.match(line, /http:\/\/\[redacted\]@host:8081/);
    assert.ok(JSON.parse(line));
  }
});

test('a URL is separated from its credentials', () => {
  assert.deepEqual(splitUrlCredentials('http://us%40er:p%3Aw@host:1/a//'), {
    url: 'http://host:1/a',
    auth: { username: 'us@er', password: 'p:w' },
  });
  assert.deepEqual(splitUrlCredentials('http://host'), { url: 'http://host', auth: undefined });
});

test('a list of brokers with a password, which is refused, is shown without it', () => {
  assert.equal(hideUserinfo('user:hunter2@one:9092,other:hunter2@two:9092'), '[redacted]@one:9092,[redacted]@two:9092');
  assert.equal(hideUserinfo('one:9092,two:9092'), 'one:9092,two:9092');
});
