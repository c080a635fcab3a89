import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openerOf, openInBrowser } from './open-browser.ts';

const URL = 'http://127.0.0.1:3400';

test('each system has a command of its own, and a Linux without a screen has none', () => {
  assert.deepEqual(openerOf(URL, 'darwin', {}), { command: 'open', args: [URL] });
  assert.deepEqual(openerOf(URL, 'win32', {}), { command: 'cmd', args: ['/c', 'start', '""', URL] });
  assert.deepEqual(openerOf(URL, 'linux', { DISPLAY: ':0' }), { command: 'xdg-open', args: [URL] });
  assert.deepEqual(openerOf(URL, 'linux', { WAYLAND_DISPLAY: 'wayland-0' }), { command: 'xdg-open', args: [URL] });
  assert.equal(openerOf(URL, 'linux', { DISPLAY: '' }), undefined);
});

test('a machine without the command is told as one, and nothing fails', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'no-browser-'));
  t.after(() => rm(folder, { recursive: true }));
  assert.equal(await openInBrowser(URL, { PATH: folder, DISPLAY: ':0' }), false);
});
