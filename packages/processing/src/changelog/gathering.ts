/**
 * When the next transaction begins. One takes what has come since the last one began. At rest it begins at once. Under
 * load it waits for as long as the last one took, so that a busy machine makes fewer and larger ones: a transaction
 * costs the broker the same whether it holds one event or a hundred.
 */
export interface GatheringInput {
  /** Transactions without an answer. */
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly waitingBytes: number;
  /** Of the last one that was answered. Undefined before the first. */
  readonly last: { readonly endedAtMs: number; readonly tookMs: number } | undefined;
}

export type NextTransaction =
  | { readonly kind: 'now' }
  | { readonly kind: 'at'; readonly atMs: number }
  /** Asked again when a transaction ends, or more has come. */
  | { readonly kind: 'later' };

/** As much as makes waiting for more pointless. */
const FULL_BYTES = 262_144;
/** A pause, in parts of what the last transaction took. */
const PAUSE_SHARE = 1;
const LONGEST_PAUSE_MS = 5;

export function nextTransaction(
  { inFlight, maxInFlight, waitingBytes, last }: GatheringInput,
  nowMs: number,
): NextTransaction {
  if (inFlight >= maxInFlight) return { kind: 'later' };
  if (waitingBytes >= FULL_BYTES) return { kind: 'now' };
  if (inFlight > 0) return { kind: 'later' };
  if (last === undefined) return { kind: 'now' };
  const atMs = last.endedAtMs + Math.min(last.tookMs * PAUSE_SHARE, LONGEST_PAUSE_MS);
  return atMs <= nowMs ? { kind: 'now' } : { kind: 'at', atMs };
}
