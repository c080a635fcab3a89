/** A service as a platform runs it: started again whenever it ends, and watched while it lives. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePrometheusText } from '@astrolabe/demo';
import { spawnGuarded, type GuardedProcess } from '@astrolabe/testkit';
import type { MetricSample, ProcessLife, ServiceName, UsageSample } from '../oracle/observed.ts';

export interface SupervisedProcessOptions {
  readonly service: ServiceName;
  /** `mapper-2`. */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** Every line of output. */
  readonly onLine: (line: string) => void;
}

export interface SupervisedProcess {
  readonly name: string;
  readonly service: ServiceName;
  /** Its present life has logged that it serves. */
  isReady(): boolean;
  /** Resolves once a life serves that began after this call or serves now. */
  whenReady(timeoutMs: number): Promise<void>;
  /** SIGKILL; the next life begins after a short pause. */
  kill(): void;
  freeze(): void;
  thaw(): void;
  /** SIGTERM, and waits until the next life serves. */
  restart(timeoutMs: number): Promise<void>;
  /** Once it serves: SIGTERM, and waits until it has ended. No next life begins before `start`. */
  stop(timeoutMs: number): Promise<void>;
  /** After `stop`: waits until the next life serves. */
  start(timeoutMs: number): Promise<void>;
  /** One look at the metrics now. */
  look(): Promise<void>;
  lives(): readonly ProcessLife[];
  /** For good, in good order. */
  close(): Promise<void>;
}

const RESTART_PAUSE_MS = 500;
const LOOK_INTERVAL_MS = 2_000;
const LOOK_TIMEOUT_MS = 1_500;
const STOP_GRACE_MS = 25_000;
const ERROR_LEVEL = 50;
const MAX_ERRORS = 200;
const ORPHAN_GRACE_MS = 1_000;

interface Life {
  readonly life: number;
  readonly process: GuardedProcess;
  end: ProcessLife['end'];
  metrics: readonly MetricSample[];
  readonly usage: UsageSample[];
  readonly errors: string[];
  adminUrl: string | undefined;
  /** What we did to it, so that its end is no crash. */
  ended: 'stopped' | 'killed' | undefined;
}

export function superviseProcess(options: SupervisedProcessOptions): SupervisedProcess {
  const { service, name, env, onLine } = options;
  const entry = fileURLToPath(new URL(`../../../services/${service}/src/main.ts`, import.meta.url));
  const lives: Life[] = [];
  const closing = new AbortController();
  /** While it is stopped: what the next life waits for. */
  let stopped: PromiseWithResolvers<void> | undefined;
  const current = (): Life | undefined => lives.at(-1);

  const live = async (): Promise<void> => {
    const process = await spawnGuarded({
      command: globalThis.process.execPath,
      args: [entry],
      env,
      output: 'pipe',
      orphanGraceMs: ORPHAN_GRACE_MS,
    });
    const life: Life = {
      life: lives.length + 1,
      process,
      end: 'running',
      metrics: [],
      usage: [],
      errors: [],
      adminUrl: undefined,
      ended: undefined,
    };
    lives.push(life);
    for (const stream of [process.child.stdout, process.child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        onLine(line);
        readLine(life, line);
      });
    }
    await process.exited;
    life.end = life.ended ?? 'crashed';
  };

  const running = (async () => {
    while (!closing.signal.aborted) {
      await live();
      await sleep(RESTART_PAUSE_MS, undefined, { signal: closing.signal }).catch(() => undefined);
      await stopped?.promise;
    }
  })();

  const look = async (): Promise<void> => {
    const life = current();
    if (life?.adminUrl === undefined || life.process.exit !== undefined) return;
    const text = await fetch(`${life.adminUrl}/metrics`, { signal: AbortSignal.timeout(LOOK_TIMEOUT_MS) })
      .then((response) => response.text())
      .catch(() => undefined);
    if (text === undefined) return;
    life.metrics = parsePrometheusText(text);
    life.usage.push(usageOf(life.metrics));
  };
  const looking = (async () => {
    while (!closing.signal.aborted) {
      await look();
      await sleep(LOOK_INTERVAL_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  })();

  const isReady = (): boolean => {
    const life = current();
    return life?.adminUrl !== undefined && life.process.exit === undefined && life.ended === undefined;
  };
  const whenReady = async (timeoutMs: number): Promise<void> => {
    const deadlineMs = Date.now() + timeoutMs;
    while (!isReady()) {
      if (Date.now() > deadlineMs) {
        throw new Error(
          `${name} did not serve within ${timeoutMs} ms; ${current()?.errors.at(-1) ?? 'no error logged'}`,
        );
      }
      await sleep(50);
    }
  };
  const endInGoodOrder = async (): Promise<void> => {
    const life = current();
    if (life === undefined || life.process.exit !== undefined) return;
    life.ended = 'stopped';
    const { signal } = await life.process.stop({ graceMs: STOP_GRACE_MS });
    if (signal === 'SIGKILL') life.ended = 'killed';
  };
  const letLive = (): void => {
    stopped?.resolve();
    stopped = undefined;
  };
  return {
    name,
    service,
    isReady,
    whenReady,
    kill: () => {
      const life = current();
      if (life === undefined || life.process.exit !== undefined) return;
      life.ended = 'killed';
      life.process.kill('SIGKILL');
    },
    freeze: () => current()?.process.kill('SIGSTOP'),
    thaw: () => current()?.process.kill('SIGCONT'),
    restart: async (timeoutMs) => {
      await endInGoodOrder();
      await whenReady(timeoutMs);
    },
    stop: async (timeoutMs) => {
      // Between two lives there is nothing to stop, and the next one would come.
      await whenReady(timeoutMs);
      stopped ??= Promise.withResolvers();
      await endInGoodOrder();
    },
    start: async (timeoutMs) => {
      letLive();
      await whenReady(timeoutMs);
    },
    look,
    lives: () =>
      lives.map(({ life, end, metrics, usage, errors }) => ({
        service,
        instance: name,
        life,
        end,
        metrics,
        usage,
        errors,
      })),
    close: async () => {
      closing.abort();
      letLive();
      const life = current();
      if (life !== undefined) {
        life.ended ??= 'stopped';
        await life.process.stop({ graceMs: STOP_GRACE_MS });
      }
      await Promise.all([running, looking]);
    },
  };
}

function readLine(life: Life, line: string): void {
  let record: Readonly<Record<string, unknown>>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    if (line.trim() !== '') pushError(life, line);
    return;
  }
  if (record['msg'] === 'listening' && typeof record['adminUrl'] === 'string') life.adminUrl = record['adminUrl'];
  if (isError(record['level'])) pushError(life, line);
}

function isError(level: unknown): boolean {
  return typeof level === 'number' ? level >= ERROR_LEVEL : level === 'error' || level === 'fatal';
}

function pushError(life: Life, line: string): void {
  if (life.errors.length < MAX_ERRORS) life.errors.push(line);
}

function usageOf(samples: readonly MetricSample[]): UsageSample {
  const valueOf = (metric: string): number =>
    samples.filter((sample) => sample.name === metric).reduce((sum, { value }) => sum + value, 0);
  return {
    atMs: Date.now(),
    residentBytes: valueOf('process_resident_memory_bytes'),
    heapBytes: valueOf('nodejs_heap_size_used_bytes'),
    openDescriptors: valueOf('process_open_fds'),
    activeHandles: valueOf('nodejs_active_resources_total') || valueOf('nodejs_active_handles_total'),
  };
}
