import type { Clock } from '@astrolabe/service-kit/clock';
import { FairTurns } from '../core/fair-turns.ts';
import { mayHandleNext, whenToHandle } from '../core/turn-budget.ts';

export interface AnswerTurnsOptions<Answer> {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Called once for each answer, in order for each connector. Must not throw. */
  readonly handle: (answer: Answer) => void;
  /** Whether there is more than one connector: the others would wait for a long turn to end. */
  readonly isShared: () => boolean;
  /** Runs a function in the next turn of the event loop, after what has arrived was read. */
  readonly inNextTurn: (run: () => void) => void;
}

/**
 * Handles answers as they arrive while there are few of them or only one connector, and otherwise in the turns of
 * `core/turn-budget.ts`. Putting an answer off costs more: its connection is idle by then, and undici checks an idle
 * connection for one more turn before it writes the next call to it.
 */
export class AnswerTurns<Answer> {
  readonly #options: AnswerTurnsOptions<Answer>;
  readonly #waiting = new FairTurns<Answer>();
  /** Undefined between turns in which there are answers. */
  #turnBeganMs: number | undefined;

  constructor(options: AnswerTurnsOptions<Answer>) {
    this.#options = options;
  }

  add(connectorId: string, answer: Answer): void {
    const { clock, handle, isShared } = this.#options;
    if (!isShared()) return handle(answer);
    const nowMs = clock.monotonicMs();
    const beganMs = this.#turnBeganMs ?? this.#beginTurn(nowMs);
    if (whenToHandle(this.#waiting.size, beganMs, nowMs) === 'now') handle(answer);
    else this.#waiting.add(connectorId, answer);
  }

  #beginTurn(nowMs: number): number {
    this.#turnBeganMs = nowMs;
    this.#options.inNextTurn(() => this.#nextTurn());
    return nowMs;
  }

  #nextTurn(): void {
    const { clock, handle } = this.#options;
    this.#turnBeganMs = undefined;
    if (this.#waiting.size === 0) return;
    const beganMs = this.#beginTurn(clock.monotonicMs());
    for (let handled = 0; mayHandleNext(handled, beganMs, clock.monotonicMs()); handled += 1) {
      const answer = this.#waiting.take();
      if (answer === undefined) return;
      handle(answer);
    }
  }
}
