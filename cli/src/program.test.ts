import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findFreePorts } from '@astrolabe/testkit';
import { runProgram } from './program.ts';

async function run(args: string[], env: Record<string, string> = {}) {
  let stdout = '';
  let stderr = '';
  const exitCode = await runProgram(args, {
    env,
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
  });
  return { exitCode, stdout, stderr };
}

test('help names every verb and exits 0', async () => {
  const { exitCode, stdout } = await run(['--help']);
  assert.equal(exitCode, 0);
  const verbs = ['topics', 'schemas', 'connectors', 'backfill', 'dlq', 'audit', 'lag', 'tail', 'trace', 'doctor'];
  for (const verb of verbs) assert.match(stdout, new RegExp(`^ {2}${verb}\\b`, 'm'));
});

test('--version prints the version and exits 0', async () => {
  const { exitCode, stdout } = await run(['--version']);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test('a verb that does not exist exits 2 and suggests the nearest', async () => {
  const { exitCode, stderr } = await run(['topics', 'aply']);
  assert.equal(exitCode, 2);
  assert.match(stderr, /unknown command 'aply'/);
  assert.match(stderr, /Did you mean apply\?/);
});

test('a flag that does not exist exits 2', async () => {
  const { exitCode, stderr } = await run(['schemas', 'check', '--execute']);
  assert.equal(exitCode, 2);
  assert.match(stderr, /unknown option '--execute'/);
});

test('missing configuration exits 2 and names every variable with what is expected', async () => {
  const { exitCode, stdout, stderr } = await run(['topics', 'check']);
  assert.equal(exitCode, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /KAFKA_BROKERS is not set; expected host:port/);
});

test('schemas need the registry only, not the brokers', async () => {
  const { stderr } = await run(['schemas', 'check']);
  assert.match(stderr, /SCHEMA_REGISTRY_URL is not set/);
  assert.doesNotMatch(stderr, /KAFKA_BROKERS/);
});

test('a registry that cannot be reached exits 1 and says so', async () => {
  const [port] = await findFreePorts(1);
  const { exitCode, stderr } = await run(['schemas', 'check'], { SCHEMA_REGISTRY_URL: `http://127.0.0.1:${port}` });
  assert.equal(exitCode, 1);
  assert.match(stderr, /looking up \S+: the registry cannot be reached \(connect ECONNREFUSED [^)]+\); check SCHEMA_/);
  assert.doesNotMatch(stderr, /status 400/);
});

test('an error about an argument or a file does not print their control characters', async () => {
  for (const { exitCode, stderr } of [
    await run(['topics', 'a\u001b[31mpply']),
    await run(['connectors', 'check'], {
      CONNECTORS_FILE: '/dev/null/a\u001b[31m',
      DISPATCHER_API_URL: 'http://127.0.0.1:1',
    }),
  ]) {
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /a\\u001b\[31m/);
    assert.doesNotMatch(stderr, /\u001b/);
  }
});

test('the doctor never shows a password from a URL of the configuration', async () => {
  const { stdout, stderr } = await run(['doctor'], {
    KAFKA_BROKERS: '127.0.0.1:1',
    SCHEMA_REGISTRY_URL: 'http://us3r:hunter2@127.0.0.1:1',
  });
  assert.match(stdout, /http:\/\/\[redacted\]@127\.0\.0\.1:1/);
  assert.doesNotMatch(stdout + stderr, /hunter2/);
});
