/**
 * A broker process that is stopped, killed and started on demand, and started again when it ends by itself. One thing
 * after the other: a second process on the folder of a first destroys its log.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JvmProcess } from './jvm-process.ts';

export interface Supervision {
  /** Resolves with a process that serves; rejects once one that does not has ended. */
  readonly launch: () => Promise<JvmProcess>;
  /**
   * Given, a broker that ends by itself is started again, as a supervisor does where brokers are run for others, and
   * told of. Otherwise it stays down, and a start that fails rejects.
   */
  readonly onCrash: ((failure: Error) => void) | undefined;
  /** In messages. */
  readonly name: string;
  /** Starts that fail for so long are given up. Default 180,000. */
  readonly restartsWithinMs?: number;
  /** Default 1,000. */
  readonly restartPauseMs?: number;
}

/**
 * Kafka 4.2's controllers end in races of their own where elections follow each other quickly ("Cannot transition to
 * Follower with leader 3 and epoch 21 since it matches the local node.id"), several times in a row at times.
 */
const RESTARTS_WITHIN_MS = 180_000;
const RESTART_PAUSE_MS = 1_000;

export class SupervisedBroker {
  readonly #options: Supervision;
  #current: JvmProcess | undefined;
  /** Whether it should run, by the last call. A start that is under way for an earlier call is not begun again. */
  #isWanted = true;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: Supervision) {
    this.#options = options;
  }

  /**
   * Without effect where it runs already: of two who stopped it for a while, one is the first to start it again.
   * Rejects with the failure of the last try; the first start of all has only one.
   */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isWanted = true;
      if (!this.#isRunning()) await this.#launch();
    });
  }

  /** Resolves when the process has ended; one that is being started is ended once it has come up. */
  end(graceMs: number): Promise<void> {
    this.#isWanted = false;
    return this.#inTurn(async () => {
      this.#isWanted = false;
      await this.#current?.process.stop({ graceMs });
    });
  }

  /** Of the process that runs; undefined where none does. */
  processId(): number | undefined {
    return this.#isRunning() ? this.#current?.process.pid : undefined;
  }

  /** To the process that runs; without effect where none does. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#current?.process.kill(signal);
  }

  #isRunning(): boolean {
    return this.#current !== undefined && this.#current.process.exit === undefined;
  }

  #inTurn(operation: () => Promise<void>): Promise<void> {
    const result = this.#last.then(operation);
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #launch(): Promise<void> {
    const { launch, onCrash, restartsWithinMs, restartPauseMs } = this.#options;
    const giveUpAtMs = performance.now() + (restartsWithinMs ?? RESTARTS_WITHIN_MS);
    while (this.#isWanted) {
      try {
        this.#current = await launch();
        return this.#supervise(this.#current);
      } catch (failure) {
        const isFirst = this.#current === undefined;
        if (onCrash === undefined || isFirst || performance.now() > giveUpAtMs) throw failure;
        onCrash(failure as Error);
        await sleep(restartPauseMs ?? RESTART_PAUSE_MS);
      }
    }
  }

  #supervise(jvm: JvmProcess): void {
    const { onCrash, name } = this.#options;
    if (onCrash === undefined) return;
    void jvm.process.exited.then(() => {
      if (!this.#isWanted) return;
      onCrash(jvm.failure() ?? new Error(`${name} ended`));
      // If it cannot be brought back, tests fail for lack of it, and the next stop or start rejects.
      this.#inTurn(() => (this.#isRunning() ? Promise.resolve() : this.#launch())).catch((failure: unknown) => {
        onCrash(failure as Error);
      });
    });
  }
}
