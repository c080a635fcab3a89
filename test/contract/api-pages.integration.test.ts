/** The pages of the OpenAPI documents in a real Chromium, without a network. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { loadOpenApi, openApiNames } from '@astrolabe/schemas/testing';
import type { Browser } from 'playwright-core';
import { renderApiPage } from '../../tools/release/api-page.ts';
import { launchChromium, visit } from './chromium.ts';

let browser: Browser;
before(async () => {
  browser = await launchChromium(process.env);
});
after(() => browser.close());

for (const name of openApiNames) {
  test(`the page of ${name} shows every operation and asks for nothing but itself`, async (t) => {
    const { document } = loadOpenApi(name);
    const html = renderApiPage({ title: document.info.title, document });
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(html);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { page, requests, errors, close } = await visit(browser, url);
    t.after(close);
    await page.locator('.opblock').first().waitFor();
    const shown = await page.locator('.opblock-summary-path').evaluateAll((all) => all.map((each) => each.textContent));
    const paths = shown.map((path) => path?.replaceAll('\u200b', ''));
    for (const path of Object.keys(document.paths)) assert.ok(paths.includes(path), `${path} of ${paths.join(' ')}`);
    // With everything open: what is shown only then must not come from outside either.
    for (const block of await page.locator('.opblock-summary-control').all()) await block.click();
    await page.locator('.responses-wrapper').first().waitFor();
    assert.deepEqual(
      [...new Set(requests.map((request) => request.url()).filter((each) => !each.startsWith('data:')))],
      [url],
    );
    assert.deepEqual(errors, []);
  });
}
