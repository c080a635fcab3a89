import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBrowser } from './find-browser.ts';

const linux = { platform: 'linux', arch: 'x64' };
const program = process.execPath;

test('CHROMIUM_PATH comes before an installed browser, and an installed one before the one of npm ci', async () => {
  const named = { CHROMIUM_PATH: program };
  assert.deepEqual(await findBrowser(named, linux, ['/bin/sh']), { kind: 'installed', path: program });
  assert.deepEqual(await findBrowser({ CHROMIUM_PATH: '' }, linux, ['/none', '/bin/sh']), {
    kind: 'installed',
    path: '/bin/sh',
  });
  assert.deepEqual(await findBrowser({}, linux, ['/none']), { kind: 'bundled' });
});

test('a CHROMIUM_PATH that names nothing is an error, whatever else is installed', async () => {
  const found = await findBrowser({ CHROMIUM_PATH: '/no/such/browser' }, linux, ['/bin/sh']);
  assert.ok(found.kind === 'missing');
  assert.match(found.reason, /^CHROMIUM_PATH is \/no\/such\/browser/);
});

for (const machine of [
  { platform: 'linux', arch: 'arm64' },
  { platform: 'darwin', arch: 'arm64' },
  { platform: 'win32', arch: 'x64' },
]) {
  test(`on ${machine.platform} ${machine.arch} the message says that a browser is missing and what to install`, async () => {
    const found = await findBrowser({}, machine, []);
    assert.ok(found.kind === 'missing');
    assert.match(found.reason, new RegExp(`this is ${machine.platform} on ${machine.arch}`));
    assert.match(found.reason, /apt-get install .*chromium.*brew install .*CHROMIUM_PATH/);
  });
}
