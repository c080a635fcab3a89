import type { Clock } from '@astrolabe/service-kit/clock';
import { present } from '@astrolabe/service-kit/errors';
import { FairTurns, type WorkKind } from '../core/turns/fair-turns.ts';
import { mayHandleNext, REPLAYED_BUDGET_MS, TURN_BUDGET_MS, whenToHandle } from '../core/turns/turn-budget.ts';

/** A piece of work on commands that can wait for another turn of the event loop. */
export interface TurnWork {
  /** Of a replay: it waits for all that is live. */
  readonly isReplayed: boolean;
  /** Called once. Must not throw. */
  onTurn(): void;
}

export interface LoopTurnsOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Whether there is more than one connector: the others would wait for a long turn to end. */
  readonly isShared: () => boolean;
  /** Runs a function in the next turn of the event loop, after what has arrived was read. */
  readonly inNextTurn: (run: () => void) => void;
  /** A turn in which there was work has ended: how long it took, with all else that the loop did in it. */
  readonly onTurnOver: (turnMs: number) => void;
}

/** For so long after a piece of live work, the work of replays is done in small parts. */
const LIVE_LATELY_MS = 1_000;

/**
 * Works on commands as they come while there are few of them or only one connector, and otherwise in the turns of
 * `core/turns/turn-budget.ts`. Putting an answer off costs more: its connection is idle by then, and undici checks an
 * idle connection for one more turn before it writes the next call to it.
 *
 * The work of replays is done when nothing live waits, and for a part of the turn only while live work comes.
 */
export class LoopTurns {
  readonly #options: LoopTurnsOptions;
  readonly #waiting = new FairTurns<TurnWork>();
  readonly #replayed = new FairTurns<TurnWork>();
  /** Pieces of work that were done in the turn, by connector. */
  readonly #done = new Map<string, number>();
  /** Undefined between turns in which there is work. */
  #turnBeganMs: number | undefined;
  /** Pieces of live work so far, and as many as there were when last looked at. */
  #livePieces = 0;
  #seenLivePieces = 0;
  #lastLiveMs = -Infinity;

  constructor(options: LoopTurnsOptions) {
    this.#options = options;
  }

  add(connectorId: string, kind: WorkKind, work: TurnWork): void {
    if (work.isReplayed) return this.#addReplayed(connectorId, kind, work);
    const { clock, isShared } = this.#options;
    this.#livePieces += 1;
    if (!isShared()) return work.onTurn();
    const nowMs = clock.monotonicMs();
    const elapsedMs = nowMs - (this.#turnBeganMs ?? this.#beginTurn(nowMs));
    const hasWaiting = this.#waiting.has(connectorId);
    if (whenToHandle({ elapsedMs, hasWaiting, ownPieces: this.#done.get(connectorId) ?? 0 }) === 'later') {
      return this.#waiting.add(connectorId, kind, work);
    }
    this.#do(connectorId, work);
  }

  #addReplayed(connectorId: string, kind: WorkKind, work: TurnWork): void {
    const { clock, isShared } = this.#options;
    const nowMs = clock.monotonicMs();
    const budgetMs = this.#replayedBudgetMs(nowMs);
    if (!isShared() && budgetMs === TURN_BUDGET_MS && this.#replayed.size === 0) return work.onTurn();
    const elapsedMs = nowMs - (this.#turnBeganMs ?? this.#beginTurn(nowMs));
    const isFree = this.#waiting.size === 0 && this.#replayed.size === 0;
    if (isFree && elapsedMs < budgetMs) return work.onTurn();
    this.#replayed.add(connectorId, kind, work);
  }

  #replayedBudgetMs(nowMs: number): number {
    if (this.#livePieces !== this.#seenLivePieces) {
      this.#seenLivePieces = this.#livePieces;
      this.#lastLiveMs = nowMs;
    }
    return nowMs - this.#lastLiveMs < LIVE_LATELY_MS ? REPLAYED_BUDGET_MS : TURN_BUDGET_MS;
  }

  #do(connectorId: string, work: TurnWork): void {
    this.#done.set(connectorId, (this.#done.get(connectorId) ?? 0) + 1);
    work.onTurn();
  }

  #beginTurn(nowMs: number): number {
    this.#turnBeganMs = nowMs;
    this.#options.inNextTurn(() => this.#nextTurn());
    return nowMs;
  }

  #nextTurn(): void {
    const { clock, onTurnOver } = this.#options;
    const nowMs = clock.monotonicMs();
    onTurnOver(nowMs - present(this.#turnBeganMs, 'the beginning of the turn that is over'));
    this.#turnBeganMs = undefined;
    this.#done.clear();
    if (this.#waiting.size + this.#replayed.size === 0) return;
    const beganMs = this.#beginTurn(nowMs);
    for (let handled = 0; mayHandleNext(handled, clock.monotonicMs() - beganMs, TURN_BUDGET_MS); handled += 1) {
      const next = this.#waiting.take();
      if (next === undefined) return this.#workOnReplays(beganMs);
      this.#do(next.connectorId, next.item);
    }
  }

  /** Nothing live waits. */
  #workOnReplays(beganMs: number): void {
    const { clock } = this.#options;
    const budgetMs = this.#replayedBudgetMs(beganMs);
    for (let handled = 0; mayHandleNext(handled, clock.monotonicMs() - beganMs, budgetMs); handled += 1) {
      const next = this.#replayed.take();
      if (next === undefined) return;
      next.item.onTurn();
    }
  }
}
