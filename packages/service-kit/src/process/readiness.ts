import { errorMessage } from '../errors/errors.ts';
import { hideUrlCredentials } from '../logs/url-credentials.ts';

/** Whether a service can do its work now. `reasons` say why not; empty when it is ready. */
export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

type Attempt<Result> = (signal: AbortSignal) => Promise<Result>;

/** Why a service is not ready: it starts, it waits for something outside, or a check of its own says so. */
export class ReadinessConditions {
  readonly #waitingFor = new Map<string, string>();
  readonly #checks: (() => string | undefined)[] = [];
  #starting = true;

  addCheck(check: () => string | undefined): void {
    this.#checks.push(check);
  }

  started(): void {
    this.#starting = false;
  }

  reasons(): readonly string[] {
    const waits = [...this.#waitingFor.values()].join('; ');
    const ofStart = waits === '' ? (this.#starting ? 'starting' : undefined) : waits;
    return [ofStart, ...this.#checks.map((check) => check())].filter((reason) => reason !== undefined);
  }

  /** While `wait` repeats the attempt that it is given, the last failure is a reason. */
  async whileWaiting<Result>(
    what: string,
    attempt: Attempt<Result>,
    wait: (noted: Attempt<Result>) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await wait(async (signal) => {
        try {
          return await attempt(signal);
        } catch (error) {
          // Anybody who reaches `/readyz` can read its answer.
          this.#waitingFor.set(what, hideUrlCredentials(`waiting for ${what}: ${errorMessage(error)}`));
          throw error;
        }
      });
    } finally {
      this.#waitingFor.delete(what);
    }
  }
}
