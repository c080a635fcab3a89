/** The console's pages in a real Chromium, with a scripted API behind them. */
import assert from 'node:assert/strict';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createFakeApi, startWebServer, type FakeApi, type FakeApiOptions } from '@astrolabe/console/web-testing';
import { eventually, scaledTimeoutMs } from '@astrolabe/testkit';
import { collectErrors } from '@astrolabe/testkit/browser';

export interface OpenedConsole {
  readonly url: string;
  readonly api: FakeApi;
  open(path: string, options?: OpenOptions): Promise<OpenedPage>;
}

export interface OpenOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

export interface OpenedPage {
  readonly page: Page;
  /** Errors in the console, which breaches of the content security policy are, and exceptions that no script caught. */
  readonly errors: readonly string[];
  /** Requests to another origin. */
  readonly foreign: readonly string[];
  /** Opens another page of the console in the same tab, which takes a third of the time of a new one. */
  visit(path: string): Promise<void>;
  close(): Promise<void>;
}

/** Every page, with the heading that is on it once it is loaded. */
export const pages: readonly (readonly [path: string, heading: string])[] = [
  ['', 'Overview'],
  ['live', 'Live'],
  ['trail', 'Trail'],
  ['trail/message/ajs-next-1780000000000-4f1c', 'Trail of ajs-next-1780000000000-4f1c'],
  ['connectors', 'Connectors'],
  ['connectors/acme', 'Acme GmbH'],
  ['connectors/globex', 'Globex'],
  ['connectors/new', 'Add a connector'],
  ['dead-letters', 'Dead letters'],
  ['dead-letters?topic=commands&connector=acme&code=api.retries-exhausted', 'Dead letters'],
  ['dead-letters/astrolabe.commands.dlq.v1/3/41', 'Dead letter'],
  ['replays', 'Replays'],
  ['replays/3f0e8d1c-2b4a-4c6d-8e9f-0a1b2c3d4e5f', 'Replay'],
  ['replays/new', 'Plan a replay'],
  ['replays/new?source=events&range=times&step=range', 'Plan a replay'],
  ['replays/new?source=events&step=filters', 'Plan a replay'],
  ['replays/new?source=events&force=yes&step=forecast', 'Plan a replay'],
  ['lag', 'Lag'],
  ['schemas', 'Schemas'],
  ['topics', 'Topics'],
  ['doctor', 'Doctor'],
  ['audit', 'Audit'],
  ['jobs', 'Jobs'],
  ['session', 'You'],
  ['nowhere', 'There is nothing here'],
];

/** Closed with the test, or after the tests of a file. */
export async function openConsole(
  t: { after(close: () => Promise<void>): void },
  browser: Browser,
  options: FakeApiOptions = {},
  basePath = '',
): Promise<OpenedConsole> {
  const api = createFakeApi(options);
  const server = await startWebServer({ api, basePath });
  const contexts = new Set<BrowserContext>();
  t.after(async () => {
    for (const context of contexts) await context.close();
    await server.close();
  });
  return {
    url: server.url,
    api,
    open: (path, opening = {}) => openTab(browser, server.url, path, { ...opening, contexts }),
  };
}

export interface OpenTabOptions extends OpenOptions {
  /** Of a browser whose tabs are closed together: the new one is added. */
  readonly contexts: Set<BrowserContext>;
}

/** A tab of a browser that knows nothing of the others, at `path` of the console at `url`. */
export async function openTab(
  browser: Browser,
  url: string,
  path: string,
  { colorScheme = 'light', width = 1_280, height = 900, contexts }: OpenTabOptions,
): Promise<OpenedPage> {
  const context = await browser.newContext({
    colorScheme,
    viewport: { width, height },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  });
  contexts.add(context);
  context.setDefaultTimeout(scaledTimeoutMs(30_000));
  const page = await context.newPage();
  const errors = collectErrors(page);
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) foreign.push(request.url());
  });
  const visit = async (other: string): Promise<void> => {
    await page.goto(url + other);
  };
  await visit(path);
  return { page, errors, foreign, visit, close: () => context.close() };
}

/** Waits until the page is there and none of its panels is loading. */
export async function untilLoaded(page: Page, heading: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
}

/** What axe finds wrong, each with the elements. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate<axe.AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary ?? ''}`),
  );
}

/** The text of the element that has the focus. */
export async function focused(page: Page): Promise<string> {
  const text = await page.evaluate<string>('document.activeElement?.textContent?.trim() ?? ""');
  return text.replaceAll(/\s+/g, ' ');
}

/** Waits until the focus is on the element of that kind with that text: a page moves it after it is drawn. */
export async function untilFocused(page: Page, tagName: 'BUTTON' | 'H1', text: string): Promise<void> {
  await eventually(
    async () => {
      const tag = await page.evaluate<string>('document.activeElement?.tagName ?? ""');
      assert.deepEqual([tag, await focused(page)], [tagName, text]);
      return true;
    },
    { timeoutMs: 10_000, describe: `the focus on "${text}"` },
  );
}

/** Presses Tab until the focus is on `text`; fails after a hundred. */
export async function tabTo(page: Page, text: string): Promise<void> {
  for (let pressed = 0; pressed < 100; pressed += 1) {
    await page.keyboard.press('Tab');
    if ((await focused(page)) === text) return;
  }
  assert.fail(`the keyboard does not come to "${text}"`);
}

/** Pretends that the tab is hidden, or seen again: Chromium without a window has no such tabs. */
export async function setHidden(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
    Object.defineProperty(document, 'visibilityState', { value: ${isHidden} ? 'hidden' : 'visible', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  `);
}
