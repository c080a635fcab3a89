/** Runs once for all who watch: begun when the first comes, ended a while after the last has left. */
import type { Clock } from '@astrolabe/service-kit/clock';
import { assertMayBecome, type RunState } from './core/run-states.ts';

export interface SharedRunOptions {
  /** Goes on until its signal aborts, and settles then. It handles its failures itself. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly lingerMs: number;
  readonly clock: Clock;
}

export class SharedRun {
  readonly #options: SharedRunOptions;
  #state: RunState = 'stopped';
  #watchers = 0;
  #isClosing = false;
  #ending = new AbortController();
  #lingering = new AbortController();
  #run: Promise<void> = Promise.resolve();

  constructor(options: SharedRunOptions) {
    this.#options = options;
  }

  get state(): RunState {
    return this.#state;
  }

  get watchers(): number {
    return this.#watchers;
  }

  /** Returns how to leave, which may be called more than once. */
  join(): () => void {
    this.#watchers += 1;
    if (this.#state === 'stopped' && !this.#isClosing) this.#start();
    else if (this.#state === 'lingering') {
      this.#lingering.abort();
      this.#become('running');
    }
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      this.#watchers -= 1;
      if (this.#watchers === 0 && this.#state === 'running') this.#linger();
    };
  }

  /** Ends it even while somebody watches; resolves when it has ended. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#state === 'running' || this.#state === 'lingering') this.#stop();
    await this.#run;
    if (this.#state === 'stopped') this.#become('closed');
  }

  #start(): void {
    this.#become('running');
    this.#ending = new AbortController();
    const { signal } = this.#ending;
    this.#run = this.#options.run(signal).then(
      () => this.#ended(),
      () => this.#ended(),
    );
  }

  #linger(): void {
    this.#become('lingering');
    this.#lingering = new AbortController();
    const { clock, lingerMs } = this.#options;
    clock.sleep(lingerMs, this.#lingering.signal).then(
      () => {
        if (this.#state === 'lingering') this.#stop();
      },
      () => undefined,
    );
  }

  #stop(): void {
    this.#lingering.abort();
    this.#become('stopping');
    this.#ending.abort(new Error('nobody watches any more'));
  }

  #ended(): void {
    if (this.#state !== 'stopping') this.#stop();
    this.#become('stopped');
    if (this.#watchers > 0 && !this.#isClosing) this.#start();
  }

  #become(state: RunState): void {
    assertMayBecome(this.#state, state);
    this.#state = state;
  }
}
