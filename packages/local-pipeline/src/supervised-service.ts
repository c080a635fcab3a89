/** One instance of a service over its lives: started, stopped, killed and started again with the same configuration. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  launchService,
  scaledTimeoutMs,
  untilServing,
  type LaunchedService,
  type ServiceProcess,
} from '@astrolabe/testkit';

/** `crashed`: nobody ended it. */
export type LifeEnd = 'running' | 'stopped' | 'killed' | 'crashed';

export interface Life {
  /** Counted from 1. */
  readonly number: number;
  readonly process: LaunchedService;
  readonly end: LifeEnd;
  /** Undefined until it serves. */
  readonly serving: ServiceProcess | undefined;
  /** Epoch milliseconds, as the others. */
  readonly beganAtMs: number;
  readonly servingSinceMs: number | undefined;
  /** Undefined while it runs. */
  readonly endedAtMs: number | undefined;
}

export interface SupervisedServiceOptions {
  /** Unique within the pipeline: `mapper`, `mapper-2`. */
  readonly name: string;
  /** The service's `main.ts`; a function is asked when a life begins, with its number. */
  readonly entry: URL | ((life: number) => URL);
  readonly env: Readonly<Record<string, string>>;
  /** Variable for the port that takes events or calls. The port of the first life is kept for the later ones. */
  readonly portVariable?: string;
  /** Whether the later lives have the admin port of the first, for those who are told of it once. Default false. */
  readonly keepsAdminPort?: boolean;
  /** Given, a life that ends while one is wanted is followed by another after this pause, as a platform does. */
  readonly restartPauseMs?: number;
  readonly stopTimeoutMs?: number;
  readonly onLine?: (line: string, life: number) => void;
  readonly onEnd?: (life: Life) => void;
}

interface OwnLife extends Life {
  end: LifeEnd;
  serving: ServiceProcess | undefined;
  servingSinceMs: number | undefined;
  endedAtMs: number | undefined;
  /** How we ended it ourselves; undefined: if it ends, it crashed. */
  endedBy: 'stop' | 'kill' | undefined;
}

const START_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 50;

export class SupervisedService {
  readonly #options: SupervisedServiceOptions;
  readonly #lives: OwnLife[] = [];
  /** Ends the pause before a next life. */
  readonly #closing = new AbortController();
  /** Whether a life is to be there, as the last call says. */
  #isWanted = false;
  /** One life at a time. */
  #beginning: Promise<OwnLife> | undefined;
  #port = '0';
  #adminPort = '0';

  constructor(options: SupervisedServiceOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get lives(): readonly Life[] {
    return this.#lives;
  }

  /** The present life, or the last one, which served. Throws where none has come to serve. */
  get process(): ServiceProcess {
    const serving = this.#lives.at(-1)?.serving;
    if (serving === undefined) throw new Error(`${this.name} does not serve yet`);
    return serving;
  }

  /** Where its metrics are; another port in each life, unless it keeps its port. */
  get metricsUrl(): string {
    return `${this.process.adminUrl}/metrics`;
  }

  isReady(): boolean {
    const life = this.#running();
    return life?.serving !== undefined && life.endedBy === undefined;
  }

  /**
   * Resolves when a life serves. Rejects with the end of its output when it ends before that or takes too long, and
   * ends it.
   */
  async start(): Promise<void> {
    const life = await this.launch();
    try {
      await untilServing(life.process, scaledTimeoutMs(START_TIMEOUT_MS));
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** Begins a life, unless one is under way, and waits for nothing else. */
  launch(): Promise<Life> {
    this.#isWanted = true;
    return this.#live();
  }

  /** Resolves once a life serves, of those that there are meanwhile. */
  async whenReady(timeoutMs: number): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    while (!this.isReady()) {
      if (performance.now() > deadlineMs) {
        const [last = 'no output'] = this.#lives.at(-1)?.process.logs().slice(-1) ?? [];
        throw new Error(`${this.name} did not serve within ${timeoutMs} ms; ${last}`);
      }
      await sleep(READY_POLL_MS);
    }
  }

  /**
   * SIGTERM; resolves when it has ended with exit code 0, and rejects when it ends otherwise. One that has ended before
   * stays as it is. No next life begins before `start` or `launch`.
   */
  async stop(): Promise<void> {
    this.#isWanted = false;
    await this.#beginning?.catch(() => undefined);
    await this.#end();
  }

  /** SIGKILL; resolves when it is gone. Where lives follow each other, the next one begins after the pause. */
  async kill(): Promise<void> {
    if (this.#options.restartPauseMs === undefined) this.#isWanted = false;
    const life = this.#running();
    if (life === undefined) return;
    life.endedBy = 'kill';
    life.process.kill('SIGKILL');
    await life.process.exited;
  }

  /** Stops the life under way, and begins the next. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  freeze(): void {
    this.#running()?.process.kill('SIGSTOP');
  }

  thaw(): void {
    this.#running()?.process.kill('SIGCONT');
  }

  /** For good. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.stop();
  }

  #running(): OwnLife | undefined {
    const life = this.#lives.at(-1);
    return life?.process.exit === undefined ? life : undefined;
  }

  async #end(): Promise<void> {
    const life = this.#running();
    if (life === undefined) return;
    life.endedBy ??= 'stop';
    await life.process.stop();
  }

  async #live(): Promise<OwnLife> {
    const running = this.#running();
    if (running !== undefined) return running;
    this.#beginning ??= this.#begin().finally(() => (this.#beginning = undefined));
    return this.#beginning;
  }

  async #begin(): Promise<OwnLife> {
    const { name, entry, env, portVariable, keepsAdminPort = false, stopTimeoutMs, onLine } = this.#options;
    const number = this.#lives.length + 1;
    const beganAtMs = Date.now();
    const process = await launchService({
      name,
      entry: entry instanceof URL ? entry : entry(number),
      env: {
        ...env,
        ...(portVariable === undefined ? {} : { [portVariable]: this.#port }),
        ...(keepsAdminPort ? { ADMIN_PORT: this.#adminPort } : {}),
      },
      onLine: (line) => onLine?.(line, number),
      ...(stopTimeoutMs === undefined ? {} : { stopTimeoutMs }),
    });
    const life: OwnLife = {
      number,
      process,
      end: 'running',
      serving: undefined,
      beganAtMs,
      servingSinceMs: undefined,
      endedAtMs: undefined,
      endedBy: undefined,
    };
    this.#lives.push(life);
    void this.#follow(life);
    return life;
  }

  async #follow(life: OwnLife): Promise<void> {
    const { portVariable, keepsAdminPort = false, restartPauseMs, onEnd } = this.#options;
    life.process.ready.then(
      (serving) => {
        life.serving = serving;
        life.servingSinceMs = Date.now();
        if (portVariable !== undefined) this.#port = new URL(serving.url).port;
        if (keepsAdminPort) this.#adminPort = new URL(serving.adminUrl).port;
      },
      () => undefined,
    );
    const { signal } = await life.process.exited;
    life.end = endOf(life.endedBy, signal);
    life.endedAtMs = Date.now();
    onEnd?.(life);
    if (restartPauseMs === undefined) return;
    await sleep(restartPauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    if (this.#isWanted && !this.#closing.signal.aborted) await this.#live();
  }
}

function endOf(endedBy: OwnLife['endedBy'], signal: NodeJS.Signals | null): LifeEnd {
  if (endedBy === undefined) return 'crashed';
  return endedBy === 'stop' && signal !== 'SIGKILL' ? 'stopped' : 'killed';
}
