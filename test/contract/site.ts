/** A site of another origin than ingest for a real browser to visit, and what is asked for by its pages. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { Browser, Page, Request } from 'playwright-core';

export interface Site {
  /** An origin on `localhost`; ingest is on 127.0.0.1, so every request to it crosses origins. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Serves a page at every path, with analytics.js as npm delivers it: `AnalyticsNext` is a global of the page. */
export async function startSite(): Promise<Site> {
  const bundlePath = createRequire(import.meta.url).resolve('@segment/analytics-next/dist/umd/index.js');
  const bundle = await readFile(bundlePath);
  const server = createServer(({ url }, response) => {
    if (url === '/analytics.js') response.setHeader('content-type', 'text/javascript').end(bundle);
    // Chromium asks for it by itself, and would note a 404 as an error.
    else if (url === '/favicon.ico') response.writeHead(204).end();
    else
      response
        .setHeader('content-type', 'text/html; charset=utf-8')
        .end('<!doctype html><title>Pricing</title><script src="/analytics.js"></script>');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, 'localhost', resolve);
  });
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export interface Visit {
  readonly page: Page;
  /** What the page and its scripts asked for, without preflights. */
  readonly requests: readonly Request[];
  /** The browser's own questions before a request across origins: method and URL of what was to follow. */
  readonly preflights: readonly string[];
  /** Errors in the console, and exceptions that no script caught. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

interface RequestToBeSent {
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
  };
}

/** Opens `url` as somebody who was never there, and takes down what happens. */
export async function visit(browser: Browser, url: string): Promise<Visit> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const requests: Request[] = [];
  const preflights: string[] = [];
  const errors: string[] = [];
  // Playwright does not show preflights; the protocol below it does.
  page.on('request', (request) => requests.push(request));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  const devtools = await context.newCDPSession(page);
  devtools.on('Network.requestWillBeSent', ({ request: { method, url: to, headers } }: RequestToBeSent) => {
    if (method === 'OPTIONS') preflights.push(`${headers['Access-Control-Request-Method'] ?? ''} ${to}`);
  });
  await devtools.send('Network.enable');
  await page.goto(url);
  return { page, requests, preflights, errors, close: () => context.close() };
}
