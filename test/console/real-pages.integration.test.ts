/** Every page on the real stack: its figures are those of what was sent, and it is accessible with them. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { routeOf, type PageName } from '../../services/console/web/core/routes.ts';
import { pages, setHidden, untilLoaded, violations } from './console-pages.ts';
import { startRealConsole, untilTexts } from './real-console.ts';
import { realPages } from './real-pages.ts';
import { refusedKeys, sendTraffic, track, trafficConnectors, until } from './real-traffic.ts';

const real = await startRealConsole({ after }, 'console-pages', trafficConnectors, refusedKeys);
const tried = realPages(await sendTraffic(real));

const { page, errors, foreign, visit } = await real.open('');

for (const { path, heading, shows } of tried) {
  test(`/${path} shows what was sent, and is accessible with it in light and dark`, async () => {
    const before = errors.length;
    await page.emulateMedia({ colorScheme: 'light' });
    await visit(path);
    await untilLoaded(page, heading);
    await shows(page, real);
    assert.deepEqual(await violations(page), [], 'light');
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.deepEqual(await violations(page), [], 'dark');
    assert.deepEqual([errors.slice(before), foreign], [[], []]);
  });
}

test('every kind of page is tried on the real stack', () => {
  const namesOf = (paths: readonly string[]): readonly PageName[] => {
    const names = paths.map((path) => {
      const { pathname, search } = new URL(path, 'http://localhost/');
      return routeOf('/', pathname, search).page;
    });
    return [...new Set(names)].toSorted();
  };
  assert.deepEqual(namesOf(tried.map(({ path }) => path)), namesOf(pages.map(([path]) => path)));
});

test('a live view that was hidden goes on without a gap, and shows what a second tab shows', async () => {
  const tabs = [await real.open('live?topics=events'), await real.open('live?topics=events')] as const;
  const [first, second] = [tabs[0].page, tabs[1].page];
  const ids = ['m-live-0', 'm-live-1', 'm-live-2', 'm-live-3'] as const;
  const untilRows = async (page: Page, shown: readonly string[]): Promise<void> =>
    untilTexts(page.getByRole('table', { name: 'Live rows, newest first' }).getByRole('link'), shown.toReversed());
  const untilStreams = (count: number) =>
    until(`${count} streams`, async () => (await real.metric('console_open_streams')) === count);
  for (const { page } of tabs) await page.getByText('Nothing has come yet.').waitFor();
  await untilStreams(2);
  await real.send('acme', [track('u9', 'Before', ids[0])]);
  for (const { page } of tabs) await untilRows(page, ids.slice(0, 1));
  await setHidden(first, true);
  await untilStreams(1);
  await real.send('acme', [track('u9', 'Meanwhile', ids[1]), track('u9', 'Meanwhile', ids[2])]);
  await untilRows(second, ids.slice(0, 3));
  await untilRows(first, ids.slice(0, 1));
  await setHidden(first, false);
  await real.send('acme', [track('u9', 'After', ids[3])]);
  for (const { page } of tabs) await untilRows(page, ids);
  for (const { errors, close } of tabs) {
    assert.deepEqual(errors, []);
    await close();
  }
});

test('meanwhile the console has logged no error', () => {
  const lines = real.process.records();
  assert.ok(lines.some(({ level }) => level === 'info'));
  assert.deepEqual(
    lines.filter(({ level }) => level === 'error' || level === 'fatal'),
    [],
  );
});
