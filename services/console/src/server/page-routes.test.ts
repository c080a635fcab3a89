import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startTestConsole } from '../testing/test-console.ts';
import { makeWebFolder } from '../testing/web-folder.ts';
import { readWebFiles, type WebFiles } from './web-files.ts';

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

async function startWithPages(
  t: TestContext,
  basePath = '',
): Promise<{ readonly origin: string; readonly web: WebFiles }> {
  const web = await readWebFiles({ folder: await makeWebFolder(t), vendors: [], basePath });
  const { origin } = await startTestConsole(t, { web, basePath });
  return { origin, web };
}

function ask(url: string, headers: Readonly<Record<string, string>> = HTML, method = 'GET'): Promise<Response> {
  return fetch(url, { method, headers, redirect: 'manual' });
}

for (const basePath of ['', '/ops/console']) {
  test(`every address below "${basePath}/" is the page, so that links to any of them work`, async (t) => {
    const { origin, web } = await startWithPages(t, basePath);
    for (const path of ['/', '/dead-letters', '/dead-letters/segment.events.dlq.v1/0/17?code=event.invalid']) {
      const answer = await ask(`${origin}${basePath}${path}`);
      assert.equal(answer.status, 200, path);
      assert.equal(await answer.text(), web.page.body.toString());
      assert.equal(answer.headers.get('content-security-policy'), web.contentSecurityPolicy);
      assert.equal(answer.headers.get('cache-control'), 'no-cache');
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(answer.headers.get('x-frame-options'), 'DENY');
    }
  });
}

test('at a base path, what is outside of it leads to it', async (t) => {
  const { origin } = await startWithPages(t, '/ops/console');
  for (const path of ['/', '/ops/console']) {
    const answer = await ask(`${origin}${path}`);
    assert.deepEqual([answer.status, answer.headers.get('location')], [308, '/ops/console/']);
  }
  assert.equal((await ask(`${origin}/ops/consoles`)).status, 404);
});

test('a file is kept for a year: its name is that of its content', async (t) => {
  const { origin, web } = await startWithPages(t);
  const url = `${origin}/assets/${web.version}/web/page.css`;
  const answer = await ask(url, { 'accept-encoding': 'gzip' });
  assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal(answer.headers.get('content-encoding'), 'gzip');
  assert.equal(answer.headers.get('vary'), 'accept-encoding');
  assert.equal(answer.headers.get('content-type'), 'text/css; charset=utf-8');
  assert.match(await answer.text(), /^body \{/);
  const plain = await ask(url, { 'accept-encoding': 'identity' });
  assert.equal(plain.headers.get('content-encoding'), null);
  assert.equal((await ask(url, { 'accept-encoding': 'gzip;q=0' })).headers.get('content-encoding'), null);
  assert.equal((await ask(url, {}, 'HEAD')).status, 200);
});

test('a client that has the page is told so', async (t) => {
  const { origin } = await startWithPages(t);
  const etag = (await ask(`${origin}/`)).headers.get('etag') ?? '';
  const answer = await ask(`${origin}/`, { ...HTML, 'if-none-match': `"other", ${etag}` });
  assert.deepEqual([answer.status, await answer.text()], [304, '']);
});

test('a file of another version, a path out of the folder and an icon are not found, and the page does not stand in for them', async (t) => {
  const { origin, web } = await startWithPages(t);
  for (const [path, headers] of [
    ['/assets/other/web/main.ts', HTML],
    [`/assets/${web.version}/..%2f..%2fpackage.json`, HTML],
    [`/assets/${web.version}/web/state/answer.test.ts`, HTML],
    ['/favicon.ico', { accept: 'image/avif,image/webp,*/*;q=0.8' }],
    ['/api/v2/session', HTML],
    ['/api', { accept: 'application/json' }],
  ] as const) {
    const answer = await ask(`${origin}${path}`, headers);
    assert.equal(answer.status, 404, path);
    assert.match(answer.headers.get('content-type') ?? '', /problem\+json/);
  }
});
