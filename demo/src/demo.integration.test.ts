/**
 * `npm run demo -- --open` as a person starts it: each of its steps checks what it shows against the state of the API,
 * and then the console is there to look at.
 */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openerOf } from './open-browser.ts';
import { readInstances, readSession } from './testing/console-answers.ts';
import { startProgram } from './testing/started-program.ts';

const DEMO_MS = 120_000;
const program = fileURLToPath(new URL('./demo.ts', import.meta.url));

/** A folder with a browser for the search path, which writes down the address that it is given. */
async function provideBrowser(t: TestContext): Promise<{ readonly folder: string; readonly openedFile: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-browser-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const openedFile = join(folder, 'opened');
  const { command = '' } = openerOf('', process.platform, { DISPLAY: ':0' }) ?? {};
  const path = join(folder, command);
  await writeFile(
    path,
    `#!/bin/sh\nprintf '%s' "$1" > "${openedFile}.part" && mv "${openedFile}.part" "${openedFile}"\n`,
  );
  await chmod(path, 0o755);
  return { folder, openedFile };
}

test('every check of the demo holds, and its console is open in the browser until somebody stops it', async (t) => {
  const { folder, openedFile } = await provideBrowser(t);
  const demo = startProgram(t, process.execPath, [program, '--open'], {
    ...process.env,
    PATH: [folder, process.env.PATH].join(delimiter),
    DISPLAY: ':0',
  });
  const console = await demo.until(
    'the browser is opened',
    () => readFile(openedFile, 'utf8').catch(() => undefined),
    DEMO_MS,
  );
  t.diagnostic(demo.output());
  assert.equal(demo.output().match(/^\d+\. /gm)?.length, 10, 'steps');
  assert.match(demo.output(), /^Every check held/m);
  assert.ok(demo.output().includes(console), 'the address is printed too');
  assert.equal((await readSession(console)).role, 'admin');
  // The dispatcher among them, which the demo has stopped and started.
  await demo.until('the console watches every service', async () => {
    const instances = await readInstances(console);
    return instances?.length === 3 && instances.every(({ state }) => state === 'watched') ? true : undefined;
  });
  assert.equal(await demo.endsWith('SIGTERM'), 0);
});
