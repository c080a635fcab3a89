/** Runs a service of this repository as a process of its own, as an operator would, and controls it from a test. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { spawnGuarded, type GuardedProcess, type ProcessExit } from './guarded-process.ts';
import { machineEnvironment } from './machine-environment.ts';
import { scaledTimeoutMs } from '../timeout-factor.ts';

export interface LaunchOptions {
  /** What the process is called in messages. */
  readonly name: string;
  /** The module to run: a path or a `file:` URL. */
  readonly entry: string | URL;
  readonly args?: readonly string[];
  /** Its configuration; what a process needs of this machine (`machineEnvironment`) is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Files and sockets that it may have open at one time (`ulimit -n`). Default: as many as this process. */
  readonly maxOpenFiles?: number;
  /** Between SIGTERM and giving up in `stop`. Default 30000, above the services' own SHUTDOWN_TIMEOUT_MS. */
  readonly stopTimeoutMs?: number;
  /** Called for each line of output as it comes, for those who keep it in a file. */
  readonly onLine?: (line: string) => void;
}

export interface ServiceProcessOptions extends LaunchOptions {
  /** For the `listening` line. Default 30000. */
  readonly readyTimeoutMs?: number;
}

/** A process that may serve or not. */
export interface LaunchedService {
  readonly name: string;
  readonly pid: number;
  /**
   * Resolves once it has logged the JSON line whose `msg` is `listening`; rejects with its output when it ends before
   * that.
   */
  readonly ready: Promise<ServiceProcess>;
  /** Lines of standard output and standard error as they came, oldest first; the last 10,000. */
  logs(): readonly string[];
  /** Log lines that are JSON objects, parsed. */
  records(): readonly Readonly<Record<string, unknown>>[];
  /** SIGKILL for a crash, SIGSTOP and SIGCONT for a hang. */
  kill(signal: NodeJS.Signals): void;
  /**
   * SIGTERM, then waits for the end. Rejects with the last log lines when the exit code is not 0 or the time runs out
   * (it is killed then). A second call, or one after a SIGKILL by `kill`, waits only.
   */
  stop(): Promise<void>;
  readonly exited: Promise<ProcessExit>;
  /** Undefined while it runs. */
  readonly exit: ProcessExit | undefined;
}

/** A process that serves. */
export interface ServiceProcess extends Omit<LaunchedService, 'ready'> {
  /** The `url` of the `listening` line. Throws for a service that has none. */
  readonly url: string;
  /** The `adminUrl` of the `listening` line. Throws for a service that has none. */
  readonly adminUrl: string;
}

const READY_MESSAGE = 'listening';
const MAX_LINES = 10_000;
const LINES_IN_MESSAGES = 40;

/**
 * Starts `entry` with this process's Node and resolves once it serves. Rejects with its output when it ends before that
 * or stays silent. It never outlives this process.
 */
export async function spawnService(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const { readyTimeoutMs = scaledTimeoutMs(30_000) } = options;
  const launched = await launchService(options);
  try {
    return await untilServing(launched, readyTimeoutMs);
  } catch (error) {
    launched.kill('SIGKILL');
    await launched.exited;
    throw error;
  }
}

/** Rejects with the output of a process that ends before it serves or does not serve in time; it is left as it is. */
export async function untilServing(launched: LaunchedService, timeoutMs: number): Promise<ServiceProcess> {
  const silent = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    silent.reject(describeFault(launched, `did not log "${READY_MESSAGE}" within ${timeoutMs} ms`));
  }, timeoutMs);
  try {
    return await Promise.race([launched.ready, silent.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Starts `entry` with this process's Node; resolves when the process is there, whether or not it comes to serve. */
export async function launchService(options: LaunchOptions): Promise<LaunchedService> {
  const { name, entry, args = [], env, onLine, stopTimeoutMs = scaledTimeoutMs(30_000) } = options;
  const entryPath = entry instanceof URL || entry.startsWith('file:') ? fileURLToPath(entry) : entry;
  const command = [process.execPath, entryPath, ...args];
  const running = await spawnGuarded({
    ...(options.maxOpenFiles === undefined ? plainly(command) : withOpenFiles(options.maxOpenFiles, command)),
    env: { ...machineEnvironment(), ...env },
    output: 'pipe',
    orphanGraceMs: 2_000,
  });
  const lines: string[] = [];
  const ready = Promise.withResolvers<ServiceProcess>();
  ready.promise.catch(() => undefined);
  let killedByOwner = false;
  let stopped: Promise<void> | undefined;

  async function stop(): Promise<void> {
    const wasRunning = running.exit === undefined;
    const exit = await running.stop({ graceMs: stopTimeoutMs });
    if (exit.code === 0 || (killedByOwner && exit.signal === 'SIGKILL')) return;
    const how = describeExit(exit);
    if (wasRunning && exit.signal === 'SIGKILL')
      throw describeFault(launched, `did not stop within ${stopTimeoutMs} ms and was killed`);
    throw describeFault(launched, wasRunning ? `stopped with ${how}` : `had already ended with ${how}`);
  }

  const launched: LaunchedService = {
    name,
    pid: running.pid,
    ready: ready.promise,
    logs: () => [...lines],
    records: () => lines.map(parseRecord).filter((parsed) => parsed !== undefined),
    kill(signal) {
      if (signal === 'SIGKILL') killedByOwner = true;
      running.kill(signal);
    },
    stop: () => (stopped ??= stop()),
    exited: running.exited,
    get exit() {
      return running.exit;
    },
  };
  readLines(running, (line) => {
    lines.push(line);
    if (lines.length > MAX_LINES) lines.shift();
    const record = parseRecord(line);
    if (record?.msg === READY_MESSAGE) ready.resolve(serving(launched, record));
    onLine?.(line);
  });
  void running.exited.then((exit) => {
    ready.reject(describeFault(launched, `ended (${describeExit(exit)}) before it was ready`));
  });
  return launched;
}

function readLines({ child }: GuardedProcess, onLine: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', onLine);
  }
}

/** `record`: the `listening` line. */
function serving(launched: LaunchedService, record: Readonly<Record<string, unknown>>): ServiceProcess {
  const address = (field: 'url' | 'adminUrl'): string => {
    const value = record[field];
    if (typeof value !== 'string') throw new Error(`${launched.name} logged no ${field} with "${READY_MESSAGE}"`);
    return value;
  };
  return {
    ...launched,
    get exit() {
      return launched.exit;
    },
    get url() {
      return address('url');
    },
    get adminUrl() {
      return address('adminUrl');
    },
  };
}

function describeFault(launched: Pick<LaunchedService, 'name' | 'pid' | 'logs'>, what: string): Error {
  const output = launched.logs().slice(-LINES_IN_MESSAGES).join('\n') || '(no output)';
  return new Error(`${launched.name} (pid ${launched.pid}) ${what}; its last output:\n${output}`);
}

interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
}

function plainly([command = '', ...args]: readonly string[]): Invocation {
  return { command, args };
}

/** Both limits of the system are set: Node raises the soft one to the hard one when it starts. */
function withOpenFiles(maxOpenFiles: number, command: readonly string[]): Invocation {
  return { command: 'sh', args: ['-c', 'ulimit -n "$0" && exec "$@"', String(maxOpenFiles), ...command] };
}

function parseRecord(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function describeExit({ code, signal }: ProcessExit): string {
  return signal ?? `exit code ${code}`;
}
