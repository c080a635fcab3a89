import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('./with-stack.ts', import.meta.url));

function run(args: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [entry, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

test('a command finds the stack in its environment, and its output and exit code are passed on', async () => {
  const { code, stdout, stderr } = await run(['--', 'sh', '-c', 'echo "$KAFKA_BROKERS $SCHEMA_REGISTRY_URL"; exit 7']);
  assert.equal(code, 7);
  assert.match(stdout, /^\S+:\d+ https?:\/\/\S+\n$/);
  assert.match(stderr, /^local stack: \w+ \(/m);
});

test('a command that a signal ended gives 128 and its number', async () => {
  assert.equal((await run(['--', 'sh', '-c', 'kill -TERM $$'])).code, 143);
});

test('without a command it says how it is used', async () => {
  const { code, stderr } = await run([]);
  assert.equal(code, 64);
  assert.match(stderr, /^usage: /);
});
