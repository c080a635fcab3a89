/** A program of the demo as a process of its own, with all that it starts. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { eventually, isRunning, statFields } from '@astrolabe/testkit';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const READY_MS = 60_000;
const ENDED_MS = 20_000;

export interface StartedProgram {
  /** Standard output so far. */
  output(): string;
  /** Standard error so far. */
  messages(): string;
  /**
   * Resolves with what `find` finds; undefined means that it is not there yet. Rejects with all that was printed when
   * the program ends before that, or it takes too long; by default, longer than a whole stack takes to start.
   */
  until<T>(describe: string, find: () => T | undefined | Promise<T | undefined>, timeoutMs?: number): Promise<T>;
  /** Resolves with its exit code when it has ended by itself. */
  ended(): Promise<number | null>;
  /** Sends a signal to the program alone, and resolves with its exit code when it and all below it are gone. */
  endsWith(signal: NodeJS.Signals): Promise<number | null>;
}

/** In a session of its own, as a terminal gives it; what is left of it at the end of a failed test is killed. */
export function startProgram(
  t: TestContext,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): StartedProgram {
  const child = spawn(command, args, { cwd: root, detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const { pid = 0, stdout, stderr } = child;
  const exited = once(child, 'close').then(([code]) => code as number | null);
  t.after(() => {
    for (const left of [pid, ...descendantsOf(pid)]) if (isRunning(left)) process.kill(left, 'SIGKILL');
  });
  let output = '';
  let messages = '';
  stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  stderr.setEncoding('utf8').on('data', (text: string) => {
    messages += text;
  });
  return {
    output: () => output,
    messages: () => messages,
    until: async (describe, find, timeoutMs = READY_MS) => {
      const check = async () => {
        if (child.exitCode !== null || child.signalCode !== null) return { kind: 'ended' } as const;
        const value = await find();
        return value === undefined ? undefined : ({ kind: 'found', value } as const);
      };
      const seen = await eventually(check, { timeoutMs, describe }).catch((error: unknown) => {
        throw new Error(`${errorMessage(error)}\n${output}${messages}`, { cause: error });
      });
      if (seen.kind === 'found') return seen.value;
      throw new Error(`it ended before ${describe}:\n${output}${messages}`);
    },
    ended: () => exited,
    endsWith: async (signal) => {
      const family = [pid, ...descendantsOf(pid)];
      assert.ok(family.length > 1, 'it has started other processes');
      child.kill(signal);
      const code = await exited;
      await eventually(() => family.every((each) => !isRunning(each)), {
        timeoutMs: ENDED_MS,
        describe: `processes ${family.join(', ')} to end`,
      });
      return code;
    },
  };
}

interface Process {
  readonly pid: number;
  readonly parent: number;
}

function descendantsOf(pid: number): number[] {
  const all = processes();
  const below = (parent: number): number[] =>
    all.filter((each) => each.parent === parent).flatMap((each) => [each.pid, ...below(each.pid)]);
  return below(pid);
}

/** Those of this machine. A bare Linux has no `ps`, and other systems have no `/proc`. */
function processes(): Process[] {
  return process.platform === 'linux' ? processesOfLinux() : processesByPs();
}

function processesOfLinux(): Process[] {
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      const [, parent] = statFields(readFileSync(`/proc/${pid}/stat`, 'latin1'));
      return [{ pid: Number(pid), parent: Number(parent) }];
    } catch {
      return []; // It has ended since.
    }
  });
}

function processesByPs(): Process[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, parent] = line.trim().split(/\s+/);
      return { pid: Number(pid), parent: Number(parent) };
    });
}
