/** The user's own browser, opened at an address. */
import { spawn } from 'node:child_process';

export interface Opener {
  readonly command: string;
  readonly args: readonly string[];
}

/** The command that opens an address in the user's browser; undefined: this machine has no screen. */
export function openerOf(url: string, platform: NodeJS.Platform, env: NodeJS.ProcessEnv): Opener | undefined {
  if (platform === 'darwin') return { command: 'open', args: [url] };
  // The first word in quotes is the title of a window.
  if (platform === 'win32') return { command: 'cmd', args: ['/c', 'start', '""', url] };
  // Without a screen, xdg-open would take the terminal for a browser of text.
  return env.DISPLAY || env.WAYLAND_DISPLAY ? { command: 'xdg-open', args: [url] } : undefined;
}

/** Resolves with whether something was found that opens it. The browser outlives this process. */
export async function openInBrowser(url: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const opener = openerOf(url, process.platform, env);
  if (opener === undefined) return false;
  const child = spawn(opener.command, opener.args, {
    detached: true,
    stdio: 'ignore',
    env,
    windowsVerbatimArguments: true,
  });
  child.unref();
  return new Promise((resolve) => {
    child.once('spawn', () => resolve(true));
    child.once('error', () => resolve(false));
  });
}
