/** `npm run tour` as a stranger starts it, in a real browser; and what it says of a page that is not as it should. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '@astrolabe/testkit/browser';
import { startProgram } from '../testing/started-program.ts';
import { tourSteps } from './run-tour.ts';
import { see, seeGone } from './tour-context.ts';

const program = fileURLToPath(new URL('../tour.ts', import.meta.url));

test('every check of the tour holds, in the browser and at the API, and its pictures are there', async (t) => {
  const pictures = await mkdtemp(join(tmpdir(), 'tour-test-'));
  t.after(() => rm(pictures, { recursive: true, force: true }));
  const tour = startProgram(t, process.execPath, [program, '--pictures', pictures], process.env);
  const code = await tour.ended();
  t.diagnostic(tour.output());
  assert.equal(code, 0, tour.output() + tour.messages());
  const titles = [...tour.output().matchAll(/^\d+\. (.*)$/gm)].map(([, title]) => title);
  assert.deepEqual(
    titles,
    tourSteps.map(({ title }) => title),
  );
  const written = await readdir(pictures);
  assert.ok(written.length >= tourSteps.length, written.join(', '));
  for (const name of written) {
    const image = await readFile(join(pictures, name));
    assert.equal(image.subarray(1, 4).toString('latin1'), 'PNG', name);
  }
});

test('a page that is not as it should be is told with what it shows instead', async (t) => {
  const browser = await launchChromium(process.env);
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.setContent('<h1>Overview</h1><p role="alert">No broker answers.</p><p>Live</p>');
  await see({ page }, 'that it is live', page.getByText('Live'));
  page.setDefaultTimeout(100);
  await assert.rejects(see({ page }, 'that the key is refused', page.getByText('refuses the key')), {
    name: 'TourCheckError',
    message: /does not show that the key is refused; it shows "Overview" and "No broker answers\."$/,
  });
  await assert.rejects(seeGone({ page }, 'the alert', page.getByRole('alert')), /still shows the alert$/);
});
