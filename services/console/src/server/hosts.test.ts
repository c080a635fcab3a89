import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { startTestConsole } from '../testing/test-console.ts';

function askAs(origin: string, host: string): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    request(`${origin}/api/v1/session`, { headers: { host } }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode, body }), reject);
    })
      .on('error', reject)
      .end();
  });
}

test('a request that names a foreign host is refused: a page may have pointed its own name here', async (t) => {
  const console = await startTestConsole(t, {
    env: { CONSOLE_PUBLIC_URL: 'https://Console.example', CONSOLE_ALLOWED_HOSTS: 'console.internal' },
  });
  for (const host of ['evil.example', 'evil.example:3400', 'console.example.evil.example', 'a b']) {
    const { status, body } = await askAs(console.origin, host);
    assert.equal(status, 421, host);
    assert.match(body, /console\.host-unknown/);
  }
  for (const host of [
    'console.example',
    'console.internal:3400',
    'localhost',
    '[::1]:3400',
    '127.0.0.1',
    'LOCALHOST',
  ]) {
    assert.equal((await askAs(console.origin, host)).status, 200, host);
  }
});
