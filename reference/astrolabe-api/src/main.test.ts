import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '@astrolabe/testkit';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const authorization = 'Bearer key';

async function start(t: TestContext, env: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], ASTROLABE_API_KEYS: 'acme=key', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line) as { msg: string; url: string };
    if (entry.msg === 'listening') return { child, url: entry.url };
  }
  throw new Error('the process ended before it listened');
}

test('the process says where it listens, serves, and ends with 0 on SIGTERM', async (t) => {
  const { child, url } = await start(t, { ASTROLABE_API_CONTROL: 'true' });
  assert.equal((await fetch(`${url}/livez`)).status, 200);
  assert.equal((await fetch(`${url}/v1/users`, { headers: { authorization } })).status, 200);
  assert.equal((await fetch(`${url}/__reference/counters`)).status, 200);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
});

test('a key that comes into the connectors file is accepted without a restart, and the one that it replaces still is', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reference-api-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'connectors.json');
  const write = (keys: Readonly<Record<string, object | string>>): void => {
    const connectors = Object.entries(keys).map(([id, apiKey]) => ({ id, name: id, apiKey }));
    writeFileSync(`${path}.new`, JSON.stringify({ connectors }));
    renameSync(`${path}.new`, path);
  };
  write({ acme: 'key', demo: { env: 'DEMO_KEY' } });
  const { url } = await start(t, { DEMO_KEY: 'first', ASTROLABE_API_CONNECTORS_FILE: path });
  const statusWith = async (key: string): Promise<number> =>
    (await fetch(`${url}/v1/users`, { headers: { authorization: `Bearer ${key}` } })).status;
  assert.deepEqual(await Promise.all(['key', 'first', 'second', 'new'].map(statusWith)), [200, 200, 401, 401]);
  write({ acme: 'key', demo: 'second', globex: 'new' });
  await eventually(async () => (await statusWith('second')) === 200 && (await statusWith('new')) === 200, {
    timeoutMs: 20_000,
    describe: 'both new keys to be accepted',
  });
  assert.equal(await statusWith('first'), 200);
});

test('an answered write survives a kill of the process, with its key', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reference-api-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const env = { ASTROLABE_API_DATABASE: join(folder, 'state.sqlite') };
  const put = async (url: string, id: number) => {
    const response = await fetch(`${url}/v1/users/u${id}`, {
      method: 'PUT',
      headers: { authorization, 'content-type': 'application/json', 'idempotency-key': `"k${id}"` },
      body: JSON.stringify({ occurredAt: '2025-11-24T10:30:00Z', properties: { id } }),
    });
    return { replayed: response.headers.get('idempotency-replayed'), body: await response.json() };
  };

  const first = await start(t, env);
  for (let id = 0; id < 20; id += 1) assert.equal((await put(first.url, id)).replayed, null);
  const exited = once(first.child, 'exit');
  first.child.kill('SIGKILL');
  await exited;

  const second = await start(t, env);
  for (let id = 0; id < 20; id += 1) {
    assert.deepEqual(await put(second.url, id), { replayed: 'true', body: { result: 'applied' } });
    assert.equal((await fetch(`${second.url}/v1/users/u${id}`, { headers: { authorization } })).status, 200);
  }
});

test('an invalid configuration is refused in one message that shows no key', async () => {
  const env = { PATH: process.env['PATH'], ASTROLABE_API_KEYS: 'secret-key', ASTROLABE_API_PROT: '1' };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let message = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (message += chunk));
  assert.deepEqual(await once(child, 'close'), [1, null]);
  assert.match(message, /ASTROLABE_API_KEYS .*connector=key/);
  assert.match(message, /did you mean ASTROLABE_API_PORT/);
  assert.doesNotMatch(message, /secret-key/);
});

test('keys come from a variable or a file: with neither, both are named', async () => {
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let message = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (message += chunk));
  assert.deepEqual(await once(child, 'close'), [1, null]);
  assert.match(message, /ASTROLABE_API_KEYS .*because ASTROLABE_API_CONNECTORS_FILE is not set/);
});
