import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardian } from './guardian-client.ts';
import { signalGroup } from './process-state.ts';

export interface GuardedProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the process; nothing is inherited. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Where output goes: 'pipe' (read it from `child`), 'inherit', or the number of an open file. Both streams. */
  readonly output: 'pipe' | 'inherit' | number;
  /** Between SIGTERM and SIGKILL when the owner died. */
  readonly orphanGraceMs: number;
}

export interface ProcessExit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface GuardedProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves, never rejects, when the process has ended and its output has been read. */
  readonly exited: Promise<ProcessExit>;
  /** Undefined while it runs. */
  readonly exit: ProcessExit | undefined;
  /** Signals the process itself, not its children. A no-op after its end. */
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL to its whole group when it still runs after `graceMs`. `graceMs: 0` kills at once. */
  stop(options: { readonly graceMs: number }): Promise<ProcessExit>;
}

/** Longest wait, after the end of a process, for output that a child it left behind may keep open. */
const OUTPUT_WAIT_MS = 1_000;

/**
 * Starts a process that cannot outlive this one, even when this one is killed with SIGKILL.
 *
 * The process leads a group of its own, so a Ctrl-C on the terminal reaches only the owner, which then stops its parts
 * in order.
 */
export async function spawnGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  const guard = await guardian();
  const stdio: StdioOptions = ['pipe', options.output, options.output];
  // The shell waits for a line and then becomes the command. An owner that dies before the guardian knows the pid
  // closes the pipe, and the command never starts: there is no moment in which an orphan can arise.
  const child = spawn('/bin/sh', ['-c', 'read -r _ && exec "$@"', 'sh', options.command, ...options.args], {
    env: options.env,
    detached: true,
    stdio,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const { pid, stdin } = child;
  if (pid === undefined || stdin === null) {
    const cause = await new Promise<Error>((resolve) => child.once('error', resolve));
    throw new Error(`cannot start a shell for ${options.command}: ${cause.message}`, { cause });
  }

  let exit: ProcessExit | undefined;
  const ended = Promise.withResolvers<ProcessExit>();
  child.once('exit', (code, signal) => {
    exit = { code, signal };
    ended.resolve(exit);
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  stdin.on('error', () => undefined);

  const forget = await guard
    .watch({ process: { pid, graceMs: options.orphanGraceMs, group: true }, paths: [] })
    .catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
  stdin.end('\n');

  const exited = ended.promise.then(async (result) => {
    const timeout = new AbortController();
    await Promise.race([closed, sleep(OUTPUT_WAIT_MS, undefined, { signal: timeout.signal }).catch(() => undefined)]);
    timeout.abort();
    await forget().catch(() => undefined);
    return result;
  });

  function kill(signal: NodeJS.Signals): void {
    if (exit === undefined) child.kill(signal);
  }

  return {
    pid,
    child,
    exited,
    get exit() {
      return exit;
    },
    kill,
    async stop({ graceMs }) {
      if (exit === undefined && graceMs > 0) {
        kill('SIGTERM');
        kill('SIGCONT');
        const timeout = new AbortController();
        const deadline = sleep(graceMs, undefined, { signal: timeout.signal }).catch(() => undefined);
        await Promise.race([ended.promise, deadline]);
        timeout.abort();
      }
      signalGroup(pid, 'SIGKILL');
      return exited;
    },
  };
}
