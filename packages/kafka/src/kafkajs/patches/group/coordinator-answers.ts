/** What the coordinator of a group may answer to a member, as the protocol numbers it. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** It has just become the coordinator, and reads what it has to know. */
const LOADING = 14;
const NOT_AVAILABLE = 15;
const NOT_COORDINATOR = 16;
export const ILLEGAL_GENERATION = 22;
export const UNKNOWN_MEMBER = 25;
export const REBALANCE_IN_PROGRESS = 27;

export function codeOf(error: unknown): number | undefined {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/** The answer is of a broker that is not the coordinator, or not yet. */
export function isMoved(error: unknown): boolean {
  const code = codeOf(error);
  return code === LOADING || code === NOT_AVAILABLE || code === NOT_COORDINATOR;
}

/** kafkajs looks for the coordinator, and joins again, only where it hears that a broker is not the coordinator. */
export function asMoved(error: unknown): unknown {
  return isMoved(error) ? moved() : error;
}

export function moved(): Error {
  return errorOf(NOT_COORDINATOR);
}

export function rebalanceInProgress(): Error {
  return errorOf(REBALANCE_IN_PROGRESS);
}

function errorOf(code: number): Error {
  const { createErrorFromCode } = require('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error };
  return createErrorFromCode(code);
}
