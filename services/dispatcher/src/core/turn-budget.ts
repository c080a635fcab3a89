/**
 * How long answers may be worked on in one turn of the event loop. Each answer starts the next call, so all that arrive
 * together would otherwise be one long turn, and whatever else is to be read, a quiet connector's commands from Kafka
 * among it, waits for its end. Pure.
 */
export const TURN_BUDGET_MS = 2;

/**
 * - `now`: the answer is handled at once
 * - `later`: it waits for a later turn, behind those that wait already
 */
export function whenToHandle(waiting: number, turnBeganMs: number, nowMs: number): 'now' | 'later' {
  return waiting === 0 && nowMs - turnBeganMs < TURN_BUDGET_MS ? 'now' : 'later';
}

/**
 * Whether another of the waiting answers may be handled in the turn. The first one may in any case: the queue must
 * move.
 */
export function mayHandleNext(handledInTurn: number, turnBeganMs: number, nowMs: number): boolean {
  return handledInTurn === 0 || nowMs - turnBeganMs < TURN_BUDGET_MS;
}
