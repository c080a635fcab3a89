/** Ctrl-C, SIGTERM, and the end of npm, as one abort signal. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { statFields } from '@astrolabe/testkit';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type StopSignal = (typeof signals)[number];

/**
 * npm hands the terminal's Ctrl-C on to its child, which had it from the terminal already: so soon it is the same
 * request.
 */
const SAME_REQUEST_MS = 250;
const PARENT_CHECK_MS = 250;

export interface Interruption {
  /** Aborted at the first request to stop. */
  readonly signal: AbortSignal;
  /** 128 and the number of the signal, as shells have it. */
  exitCode(): number;
}

/**
 * Listens until the process ends. A second request ends the process at once; what it started ends with it. Under npm
 * its end counts as a request too: killed with SIGKILL it passes nothing on, and of other signals only its shell may
 * hear.
 */
export function listenForInterruption(env: NodeJS.ProcessEnv): Interruption {
  const controller = new AbortController();
  let received: { readonly signal: StopSignal; readonly atMs: number } | undefined;
  const exitCode = (): number => 128 + constants.signals[received?.signal ?? 'SIGTERM'];

  const stop = (signal: StopSignal): void => {
    const nowMs = performance.now();
    if (received === undefined) {
      received = { signal, atMs: nowMs };
      controller.abort(new Error(`stopped by ${signal}`));
    } else if (nowMs - received.atMs > SAME_REQUEST_MS) {
      process.exit(exitCode());
    }
  };
  for (const signal of signals) process.on(signal, () => stop(signal));

  if (env.npm_lifecycle_event !== undefined) {
    const ancestors = npmAndShell();
    const timer = setInterval(() => {
      if (npmAndShell() === ancestors) return;
      clearInterval(timer);
      stop('SIGHUP');
    }, PARENT_CHECK_MS);
    timer.unref();
  }
  return { signal: controller.signal, exitCode };
}

/** Process ids of the shell that npm starts, and of npm: an orphan is given to another parent. */
function npmAndShell(): string {
  const shell = process.ppid;
  try {
    const [, npm = ''] = statFields(readFileSync(`/proc/${shell}/stat`, 'latin1'));
    return `${shell} ${npm}`;
  } catch {
    // No /proc on this system: the shell alone has to do.
    return String(shell);
  }
}
