/**
 * A browser beside what is measured. Those who look have machines of their own: here their browser gets what the
 * pipeline leaves, or its drawing would be measured, and not what it asks for.
 */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launchChromium, provideBrowser } from '@astrolabe/testkit/browser';
import type { BenchLab } from '../bench-lab.ts';
import type { RequestRecorder } from './page-requests.ts';

export interface BackgroundBrowser extends AsyncDisposable {
  /** Opens each in a window of its own, as of ten people. Resolves once all are drawn. Disposed of, they are closed. */
  open(urls: readonly string[], recorder?: RequestRecorder): Promise<AsyncDisposable>;
}

const WRAPPER = `#!/bin/sh
exec nice -n 19 "$MEASURED_CHROMIUM" "$@"
`;
/** To find a page that hangs. */
const DRAWN_TIMEOUT_MS = 60_000;

export async function openBackgroundBrowser(
  { folder }: Pick<BenchLab, 'folder'>,
  env: NodeJS.ProcessEnv,
): Promise<BackgroundBrowser> {
  const { executablePath, env: own } = await provideBrowser(env);
  const wrapper = join(folder, 'chromium');
  await writeFile(wrapper, WRAPPER);
  await chmod(wrapper, 0o755);
  const browser = await launchChromium({
    ...env,
    ...own,
    MEASURED_CHROMIUM: executablePath,
    CHROMIUM_PATH: wrapper,
  });
  return {
    open: async (urls, recorder) => {
      await using windows = new AsyncDisposableStack();
      await Promise.all(
        urls.map(async (url) => {
          const context = await browser.newContext();
          windows.defer(() => context.close());
          recorder?.watch(context);
          context.setDefaultTimeout(DRAWN_TIMEOUT_MS);
          const page = await context.newPage();
          await page.goto(url);
          await page.getByRole('heading', { level: 1 }).waitFor();
          await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
        }),
      );
      return windows.move();
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
