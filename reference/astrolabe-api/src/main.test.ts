import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

test('the process says where it listens, serves, and ends with 0 on SIGTERM', async (t) => {
  const env = { PATH: process.env['PATH'], ASTROLABE_API_KEYS: 'acme=key', ASTROLABE_API_CONTROL: 'true' };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  let url: string | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line) as { msg: string; url?: string };
    if (entry.msg !== 'listening') continue;
    url = entry.url;
    break;
  }
  assert.equal((await fetch(`${url}/livez`)).status, 200);
  assert.equal((await fetch(`${url}/v1/users`, { headers: { authorization: 'Bearer key' } })).status, 200);
  assert.equal((await fetch(`${url}/__reference/counters`)).status, 200);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});

test('a configuration that does not hold is refused in one message that shows no key', async () => {
  const env = { PATH: process.env['PATH'], ASTROLABE_API_KEYS: 'secret-key', ASTROLABE_API_PROT: '1' };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let message = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (message += chunk));
  assert.deepEqual(await once(child, 'close'), [1, null]);
  assert.match(message, /ASTROLABE_API_KEYS .*connector=key/);
  assert.match(message, /did you mean ASTROLABE_API_PORT/);
  assert.doesNotMatch(message, /secret-key/);
});
