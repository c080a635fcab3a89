/** Every page, light and dark, wide and narrow: accessible, without an error, and without a request to anybody else. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { launchChromium } from '@astrolabe/testkit/browser';
import { openConsole, pages, untilLoaded, violations } from './console-pages.ts';

const browser = await launchChromium(process.env);
const opened = await openConsole({ after }, browser, {}, '/console');
after(() => browser.close());
// One tab for all: to open another takes longer than to look at a page.
const { page, errors, foreign, visit } = await opened.open('');

for (const [path, heading] of pages) {
  test(`/${path} is accessible in light and dark and at 320 px, where nothing scrolls sideways, loads nothing from elsewhere, and breaks no rule of its policy`, async () => {
    const before = errors.length;
    await page.setViewportSize({ width: 320, height: 640 });
    await page.emulateMedia({ colorScheme: 'light' });
    await visit(path);
    await untilLoaded(page, heading);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320);
    assert.deepEqual(await violations(page), [], 'at 320 px');
    await page.setViewportSize({ width: 1_280, height: 900 });
    assert.deepEqual(await violations(page), [], 'light');
    await page.emulateMedia({ colorScheme: 'dark' });
    assert.deepEqual(await violations(page), [], 'dark');
    assert.deepEqual([errors.slice(before), foreign], [[], []]);
  });
}
