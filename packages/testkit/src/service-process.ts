/** Runs a service of this repository as a process of its own, as an operator would, and controls it from a test. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { spawnGuarded } from './guarded-process.ts';
import type { ProcessExit } from './guarded-process.ts';
import { machineEnvironment } from './machine-environment.ts';
import { patient } from './patience.ts';

export interface ServiceProcessOptions {
  /** What the process is called in messages. */
  readonly name: string;
  /** The module to run: a path or a `file:` URL. */
  readonly entry: string | URL;
  readonly args?: readonly string[];
  /** Its configuration; what a process needs of this machine (`machineEnvironment`) is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Files and sockets that it may have open at one time (`ulimit -n`). Default: as many as this process. */
  readonly maxOpenFiles?: number;
  /** For the `listening` line. Default 30000. */
  readonly readyTimeoutMs?: number;
  /** Between SIGTERM and giving up in `stop`. Default 30000, above the services' own SHUTDOWN_TIMEOUT_MS. */
  readonly stopTimeoutMs?: number;
  /** Called for each line of output as it comes, for those who keep it in a file. */
  readonly onLine?: (line: string) => void;
}

export interface ServiceProcess {
  readonly name: string;
  readonly pid: number;
  /** The `url` of the `listening` line. Throws for a service that has none. */
  readonly url: string;
  /** The `adminUrl` of the `listening` line. Throws for a service that has none. */
  readonly adminUrl: string;
  /** Lines of standard output and standard error as they came, oldest first; the last 10,000. */
  logs(): readonly string[];
  /** Log lines that are JSON objects, parsed. */
  records(): readonly Readonly<Record<string, unknown>>[];
  /** SIGKILL for a crash, SIGSTOP and SIGCONT for a hang. */
  kill(signal: NodeJS.Signals): void;
  /**
   * SIGTERM, then waits for the end. Rejects with the last log lines when the exit code is not 0 or the time runs out (it is
   * killed then). A second call, or one after a SIGKILL by `kill`, waits only.
   */
  stop(): Promise<void>;
  readonly exited: Promise<ProcessExit>;
}

const READY_MESSAGE = 'listening';
const MAX_LINES = 10_000;
const LINES_IN_MESSAGES = 40;

/**
 * Starts `entry` with this process's Node and resolves once it has logged the JSON line whose `msg` is `listening`. Rejects with its
 * output when it ends before that or stays silent. It never outlives this process.
 */
export async function spawnService(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const { name, entry, args = [], env, readyTimeoutMs = patient(30_000), onLine } = options;
  const { stopTimeoutMs = patient(30_000) } = options;
  const entryPath = entry instanceof URL || entry.startsWith('file:') ? fileURLToPath(entry) : entry;
  const command = [process.execPath, entryPath, ...args];
  const running = await spawnGuarded({
    ...(options.maxOpenFiles === undefined ? plainly(command) : withOpenFiles(options.maxOpenFiles, command)),
    env: { ...machineEnvironment(), ...env },
    output: 'pipe',
    orphanGraceMs: 2_000,
  });

  const lines: string[] = [];
  const ready = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  for (const stream of [running.child.stdout, running.child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      onLine?.(line);
      if (lines.length > MAX_LINES) lines.shift();
      const record = parseRecord(line);
      if (record?.msg === READY_MESSAGE) ready.resolve(record);
    });
  }

  function fault(what: string): Error {
    const output = lines.slice(-LINES_IN_MESSAGES).join('\n') || '(no output)';
    return new Error(`${name} (pid ${running.pid}) ${what}; its last output:\n${output}`);
  }

  const timer = setTimeout(() => {
    ready.reject(fault(`did not log "${READY_MESSAGE}" within ${readyTimeoutMs} ms`));
  }, readyTimeoutMs);
  void running.exited.then((exit) => {
    ready.reject(fault(`ended (${describeExit(exit)}) before it was ready`));
  });
  let record: Readonly<Record<string, unknown>>;
  try {
    record = await ready.promise;
  } catch (error) {
    await running.stop({ graceMs: 0 });
    throw error;
  } finally {
    clearTimeout(timer);
  }

  let killedByTest = false;
  let stopped: Promise<void> | undefined;

  async function stop(): Promise<void> {
    const wasRunning = running.exit === undefined;
    const exit = await running.stop({ graceMs: stopTimeoutMs });
    if (exit.code === 0 || (killedByTest && exit.signal === 'SIGKILL')) return;
    const how = describeExit(exit);
    if (wasRunning && exit.signal === 'SIGKILL') throw fault(`did not stop within ${stopTimeoutMs} ms and was killed`);
    throw fault(wasRunning ? `stopped with ${how}` : `had already ended with ${how}`);
  }

  function address(field: 'url' | 'adminUrl'): string {
    const value = record[field];
    if (typeof value !== 'string') throw new Error(`${name} logged no ${field} with "${READY_MESSAGE}"`);
    return value;
  }

  return {
    name,
    pid: running.pid,
    get url() {
      return address('url');
    },
    get adminUrl() {
      return address('adminUrl');
    },
    logs: () => [...lines],
    records: () => lines.map(parseRecord).filter((parsed) => parsed !== undefined),
    kill(signal) {
      if (signal === 'SIGKILL') killedByTest = true;
      running.kill(signal);
    },
    stop: () => (stopped ??= stop()),
    exited: running.exited,
  };
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
