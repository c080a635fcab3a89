/** A real browser, and a site of another origin than ingest for it to visit. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser, type Page, type Request } from 'playwright-core';
import { provideBundledChromium } from './bundled-chromium.ts';
import { findBrowser } from './find-browser.ts';

/**
 * Nothing but what the page under test asks for goes over the network. A profile of its own is what `launch` gives it
 * anyway.
 */
export const FLAGS = [
  // Containers and CI run as root, where Chromium's sandbox refuses to start. It only visits the pages below.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Its shared memory goes to files instead: in containers /dev/shm is small, or not there.
  '--disable-dev-shm-usage',
];

/** For the start of the browser alone: to find one that hangs, on a machine that may be busy. */
const START_TIMEOUT_MS = 90_000;

const NO_WINDOW =
  'The browser that npm ci installs has no window. Install Chromium or Chrome to see it, or set CHROMIUM_PATH to its program.';

export interface LaunchOptions {
  /** With a window to look at, which the bundled browser does not have. Default false. */
  readonly headed?: boolean;
  /** Before each thing that is done in a page. Default 0. */
  readonly pauseMs?: number;
}

/**
 * Rejects with what to install where there is no browser: a test that was not run must not look like one that passed.
 */
export async function launchChromium(
  env: NodeJS.ProcessEnv,
  { headed = false, pauseMs = 0 }: LaunchOptions = {},
): Promise<Browser> {
  const found = await findBrowser(env, process);
  if (found.kind === 'missing') throw new Error(found.reason);
  if (found.kind === 'bundled' && headed) throw new Error(NO_WINDOW);
  const { executablePath, env: own } =
    found.kind === 'installed' ? { executablePath: found.path, env: {} } : await provideBundledChromium(env);
  return chromium.launch({
    executablePath,
    args: FLAGS,
    timeout: START_TIMEOUT_MS,
    env: { ...env, ...own },
    headless: !headed,
    slowMo: pauseMs,
  });
}

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
