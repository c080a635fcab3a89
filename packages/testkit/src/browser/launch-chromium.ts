/** A real browser for tests, and for the tour of the console. */
import { chromium, type Browser } from 'playwright-core';
import { provideBundledChromium, type BrowserProgram } from './bundled-chromium.ts';
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
export async function provideBrowser(env: NodeJS.ProcessEnv, needsWindow = false): Promise<BrowserProgram> {
  const found = await findBrowser(env, process);
  if (found.kind === 'missing') throw new Error(found.reason);
  if (found.kind === 'installed') return { executablePath: found.path, env: {} };
  if (needsWindow) throw new Error(NO_WINDOW);
  return provideBundledChromium(env);
}

/** Rejects as `provideBrowser` does. */
export async function launchChromium(
  env: NodeJS.ProcessEnv,
  { headed = false, pauseMs = 0 }: LaunchOptions = {},
): Promise<Browser> {
  const { executablePath, env: own } = await provideBrowser(env, headed);
  return chromium.launch({
    executablePath,
    args: FLAGS,
    timeout: START_TIMEOUT_MS,
    env: { ...env, ...own },
    headless: !headed,
    slowMo: pauseMs,
  });
}
