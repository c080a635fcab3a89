import { readFileSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnGuarded } from '../process/guarded-process.ts';
import type { GuardedProcess } from '../process/guarded-process.ts';

export interface JvmProcessOptions {
  /** What the process is called in messages. */
  readonly name: string;
  /** Path of `java`. */
  readonly java: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Its own folder: temporary files go into it too. */
  readonly cwd: string;
  /** Its output, appended. */
  readonly logPath: string;
  readonly orphanGraceMs: number;
}

export interface JvmProcess {
  readonly process: GuardedProcess;
  /** How it ended, with the end of its log; undefined while it runs. */
  failure(): StartFailure | undefined;
  /** The last lines of its output. */
  logTail(): string;
}

export class StartFailure extends Error {
  override readonly name = 'StartFailure';
  /** Something else took the port first: worth another start on another one. */
  readonly portTaken: boolean;

  constructor(message: string, { portTaken }: { readonly portTaken: boolean }) {
    super(message);
    this.portTaken = portTaken;
  }
}

const LOG_TAIL_LINES = 30;
const PORT_TAKEN = /address already in use|BindException|port \d+ seems to be in use/i;

/** Only these: both servers take settings from variables of their own, which may be set for something else. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'TZ', 'JAVA_HOME', 'JAVA_TOOL_OPTIONS'] as const;

export async function startJvm(options: JvmProcessOptions): Promise<JvmProcess> {
  const { name, java, args, env, cwd, logPath, orphanGraceMs } = options;
  const passedOn = Object.fromEntries(PASSED_ON.map((variable) => [variable, env[variable]]));
  const temporary = join(cwd, 'tmp');
  await mkdir(temporary, { recursive: true });
  const log = await open(logPath, 'a');
  const { size: logStart } = await log.stat();
  const running = await spawnGuarded({
    command: java,
    // Both servers unpack native libraries and caches, which a kill would leave behind in the system's folder.
    args: ['-XX:-UsePerfData', `-Djava.io.tmpdir=${temporary}`, ...args],
    env: passedOn,
    cwd,
    output: log.fd,
    orphanGraceMs,
  }).finally(() => log.close());
  const output = (): string => readFileSync(logPath).subarray(logStart).toString('utf8').trimEnd();
  const logTail = (): string => output().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  return {
    process: running,
    failure() {
      if (running.exit === undefined) return undefined;
      const { code, signal } = running.exit;
      return new StartFailure(`${name} ended (${signal ?? `exit code ${code}`}); the end of its log:\n${logTail()}`, {
        portTaken: PORT_TAKEN.test(output()),
      });
    },
    logTail,
  };
}

const ATTEMPTS = 3;

/** Tries again with other ports when a start failed because something took one of them in the meantime. */
export async function retryOnTakenPort<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof StartFailure && error.portTaken)) throw error;
    }
  }
}
