/** Which browser the tests and the tour use, or what to install: asked by `npm test` before it starts anything. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isBundledFor } from './bundled-chromium.ts';

export type BrowserChoice =
  | { readonly kind: 'installed'; readonly path: string }
  /** The one that `npm ci` brought. */
  | { readonly kind: 'bundled' }
  | { readonly kind: 'missing'; readonly reason: string };

/**
 * Where the packages of Debian, Google and Homebrew put it. Ubuntu's `chromium-browser` is left out: without snap it is
 * no browser.
 */
const INSTALLED_AT = [
  '/usr/bin/chromium',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The browser that `CHROMIUM_PATH` names, else an installed one, else the bundled one where it runs. */
export async function findBrowser(
  env: NodeJS.ProcessEnv,
  machine: { readonly platform: string; readonly arch: string },
  installedAt: readonly string[] = INSTALLED_AT,
): Promise<BrowserChoice> {
  const named = env['CHROMIUM_PATH'];
  if (named) {
    if (await isExecutable(named)) return { kind: 'installed', path: named };
    const reason = `CHROMIUM_PATH is ${named}, and there is no program. Set it to the program of a Chromium or Chrome, or unset it.`;
    return { kind: 'missing', reason };
  }
  for (const path of installedAt) if (await isExecutable(path)) return { kind: 'installed', path };
  if (isBundledFor(machine)) return { kind: 'bundled' };
  return {
    kind: 'missing',
    reason:
      `This needs a browser. npm ci brings one for Linux on x64, and this is ` +
      `${machine.platform} on ${machine.arch}. Install Chromium or Chrome (Debian: apt-get install --no-install-recommends chromium; ` +
      'macOS: brew install --cask google-chrome), or set CHROMIUM_PATH to its program.',
  };
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
