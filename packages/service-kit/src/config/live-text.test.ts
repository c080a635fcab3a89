import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { isPipelineError } from '../errors/errors.ts';
import { configValues } from './config-values.ts';
import { defineConfig } from './config.ts';
import { LiveText } from './live-text.ts';
import { describeConfig, readConfig, type Environment } from './read-config.ts';

const definition = defineConfig(
  {
    password: {
      env: 'PROXY_PASSWORD',
      schema: configValues.liveText('text').optional(),
      secret: true,
      orFile: true,
      description: 'Login.',
    },
    user: {
      env: 'PROXY_USER',
      schema: configValues.text().optional(),
      togetherWith: ['PROXY_PASSWORD'],
      description: 'Login.',
    },
    digits: {
      env: 'PROXY_DIGITS',
      schema: configValues.liveText('digits', (text) => /^\d+$/.test(text)).optional(),
      orFile: true,
      description: 'A number.',
    },
  },
  { prefix: 'PROXY_' },
);

function folder(t: TestContext): (name: string, text: string) => string {
  const path = mkdtempSync(join(tmpdir(), 'astrolabe-live-'));
  t.after(() => rmSync(path, { recursive: true }));
  return (name, text) => {
    writeFileSync(join(path, name), text);
    return join(path, name);
  };
}

const problemsOf = (env: Environment): string[] => {
  try {
    readConfig(definition, env);
    return [];
  } catch (error) {
    assert.ok(isPipelineError(error, 'config.invalid'));
    return error.message.split('\n').slice(1);
  }
};

test('a secret is in a variable or in a file, whose line break at the end is not part of it', (t) => {
  const write = folder(t);
  assert.equal(readConfig(definition, { PROXY_PASSWORD: 'hunter2' }).password?.read(), 'hunter2');
  const path = write('password', 'hunter2\r\n');
  assert.equal(readConfig(definition, { PROXY_PASSWORD_FILE: path }).password?.read(), 'hunter2');
  assert.deepEqual(problemsOf({ PROXY_PASSWORD_FILE: path, PROXY_USER: 'ann' }), []);
  assert.equal(readConfig(definition, {}).password, undefined);
});

test('a file is read again at each use, and one that is gone or empty meanwhile is told by variable and path', (t) => {
  const write = folder(t);
  const path = write('password', 'first');
  const { password } = readConfig(definition, { PROXY_PASSWORD_FILE: path });
  assert.ok(password !== undefined);
  write('password', 'second');
  assert.equal(password.read(), 'second');
  write('password', '\n');
  const fault = {
    code: 'config.file-unreadable',
    retryable: true,
    message: /PROXY_PASSWORD_FILE names, .*: it is empty$/,
  };
  assert.throws(() => password.read(), fault);
  rmSync(path);
  assert.throws(() => password.read(), { ...fault, message: /ENOENT/ });
  write('password', 'third');
  assert.equal(password.read(), 'third');
});

test('every problem with files is reported at start, together, and no content is shown', (t) => {
  const write = folder(t);
  const lines = problemsOf({
    PROXY_PASSWORD: 'hunter2',
    PROXY_PASSWORD_FILE: write('password', 'hunter2'),
    PROXY_DIGITS_FILE: write('digits', 'hunter2'),
  });
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? '', /PROXY_PASSWORD_FILE is ".*password"; expected no value because PROXY_PASSWORD has one/);
  assert.match(lines[1] ?? '', /PROXY_DIGITS_FILE is ".*digits"; expected a file with digits$/);
  const [missing] = problemsOf({ PROXY_PASSWORD_FILE: '/nowhere/password' });
  assert.match(
    missing ?? '',
    /PROXY_PASSWORD_FILE is "\/nowhere\/password"; expected a file that can be read .*ENOENT/,
  );
  for (const line of lines) assert.doesNotMatch(line, /hunter2/);
});

test('a configuration that is printed shows where a secret is, and never the secret', (t) => {
  const path = folder(t)('password', 'hunter2');
  const config = readConfig(definition, { PROXY_PASSWORD_FILE: path, PROXY_DIGITS: '12' });
  assert.deepEqual(describeConfig(definition, config), { PROXY_PASSWORD_FILE: path, PROXY_DIGITS: '[redacted]' });
  const texts = [LiveText.of('hunter2'), config.password, { password: LiveText.of('hunter2') }];
  for (const text of texts) assert.doesNotMatch(JSON.stringify(text) + inspect(text), /hunter2/);
});
