/**
 * How long commands may be worked on in one turn of the event loop. Each answer starts the next call, and each fetch
 * brings hundreds of commands that start, so all that comes together would otherwise be one long turn, and whatever
 * else is to be read, a quiet connector's commands from Kafka among it, waits for its end. Pure.
 */
export const TURN_BUDGET_MS = 2;

/** For the work of replays in a turn, while live work comes as well. */
export const REPLAYED_BUDGET_MS = TURN_BUDGET_MS / 2;

/** For connectors that had little done for them in the turn, and how many pieces of work are little. */
const EXTENDED_BUDGET_MS = 2 * TURN_BUDGET_MS;
const LITTLE = 4;

/** The turn, as the connector of a piece of work sees it. */
export interface TurnSoFar {
  readonly elapsedMs: number;
  /** Work of the connector waits: the piece must not overtake it. */
  readonly hasWaiting: boolean;
  /** Pieces of work that were done for the connector in the turn. */
  readonly ownPieces: number;
}

/**
 * - `now`: the piece of work is done at once
 * - `later`: it waits for its connector's place in a later turn
 */
export function whenToHandle({ elapsedMs, hasWaiting, ownPieces }: TurnSoFar): 'now' | 'later' {
  if (hasWaiting) return 'later';
  return elapsedMs < (ownPieces < LITTLE ? EXTENDED_BUDGET_MS : TURN_BUDGET_MS) ? 'now' : 'later';
}

/** Whether another piece that waits may be done in the turn. The first one may in any case: the queue must move. */
export function mayHandleNext(handledInTurn: number, elapsedMs: number, budgetMs: number): boolean {
  return handledInTurn === 0 || elapsedMs < budgetMs;
}
