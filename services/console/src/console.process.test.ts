/** The process as an operator starts it. It needs no broker: a console is there when the cluster is not. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

test('the console serves its page and its API without a broker, warns of nothing, and ends at SIGTERM', async () => {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [new URL('main.ts', import.meta.url).pathname], {
    env: {
      PATH,
      KAFKA_BROKERS: '127.0.0.1:1',
      SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
      CONSOLE_ROLES: '*=viewer',
      CONSOLE_BASE_PATH: '/console',
      CONSOLE_PORT: '0',
      ADMIN_PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  for await (const text of createInterface({ input: child.stdout })) {
    const { msg, url } = JSON.parse(text) as { readonly msg: string; readonly url?: string };
    if (msg !== 'listening') continue;
    assert.match(url ?? '', /^http:\/\/127\.0\.0\.1:\d+\/console\/$/);
    const page = await fetch(`${url}lag`, { headers: { accept: 'text/html' } });
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'; script-src 'self' 'sha256-/);
    const session = (await (await fetch(`${url}api/v1/session`)).json()) as { readonly role: unknown };
    assert.equal(session.role, 'viewer');
    child.kill('SIGTERM');
  }
  assert.deepEqual(await exited, [0, null]);
  assert.equal(stderr, '');
});
