import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { isBundledFor, provideBundledChromium } from './bundled-chromium.ts';
import { FLAGS } from './launch-chromium.ts';

// Where another browser is installed the other tests use that one, and nothing else would start this one.
if (isBundledFor(process)) {
  test('the Chromium that npm ci brings finds its font, and shows text and every kind of field', async (t) => {
    const { executablePath, env } = await provideBundledChromium(process.env);
    const browser = await chromium.launch({ executablePath, args: FLAGS, env: { ...process.env, ...env } });
    t.after(() => browser.close());
    const page = await browser.newPage();
    await page.setContent(`<!doctype html><html lang="en"><title>Fields</title>
      <span>text in a font</span> <label>Name <input></label> <input type="search"> <input type="datetime-local">
      <select><option>one</select> <textarea>some</textarea> <button>Send</button>`);
    const text = await page.locator('span').boundingBox();
    assert.ok((text?.width ?? 0) > 0, 'text without a font has no width');
    await page.getByLabel('Name').fill('typed');
    assert.equal(await page.getByLabel('Name').inputValue(), 'typed');
  });
}
