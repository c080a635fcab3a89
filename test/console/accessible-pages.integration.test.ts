/** Every page, light and dark, wide and narrow: accessible, without an error, and without a request to anybody else. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { launchChromium } from '@astrolabe/testkit/browser';
import { openConsole, pages, untilLoaded, violations } from './console-pages.ts';

const browser = await launchChromium(process.env);
after(() => browser.close());

for (const [path, heading] of pages) {
  test(`/${path} is accessible in light and dark, loads nothing from elsewhere, and breaks no rule of its policy`, async (t) => {
    const opened = await openConsole(t, browser, {}, '/console');
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, errors, foreign, close } = await opened.open(path, { colorScheme });
      await untilLoaded(page, heading);
      assert.deepEqual(await violations(page), [], colorScheme);
      assert.deepEqual([errors, foreign], [[], []]);
      await close();
    }
  });

  test(`/${path} can be read at 320 px without scrolling sideways`, async (t) => {
    const opened = await openConsole(t, browser, {}, '/console');
    const { page, close } = await opened.open(path, { width: 320, height: 640 });
    await untilLoaded(page, heading);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320);
    assert.deepEqual(await violations(page), []);
    await close();
  });
}
