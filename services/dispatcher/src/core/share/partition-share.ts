/**
 * What part of a connector's limits an instance takes: that of the command topic's partitions which it owns. Each
 * partition has one owner. So the parts of all instances add up to the whole at most, and no instance has to know of
 * the others. Pure.
 */
export interface PartitionShare {
  /** From 0 to `total`. */
  readonly owned: number;
  /** Partitions of the topic, at least 1. */
  readonly total: number;
}

export const NO_SHARE: PartitionShare = { owned: 0, total: 1 };

export interface Assignment {
  /** What this process owns, as far as it knows. */
  readonly assigned: readonly number[];
  /** Of the topic, as it was last seen. */
  readonly partitions: number;
  /** How long ago the group last answered. */
  readonly silentMs: number;
  readonly sessionTimeoutMs: number;
}

/**
 * Nothing, once the group must have given the partitions to others: a process that is cut off from the brokers, and not
 * from the API, does not learn of it.
 */
export function shareOf({ assigned, partitions, silentMs, sessionTimeoutMs }: Assignment): PartitionShare {
  // One that was added may be assigned before it is seen.
  const total = Math.max(1, partitions, ...assigned.map((partition) => partition + 1));
  return { owned: silentMs > sessionTimeoutMs ? 0 : assigned.length, total };
}

/** From 0 to 1. */
export function shareRatio({ owned, total }: PartitionShare): number {
  return owned / total;
}

/**
 * Calls a second of one instance. Whole where that is one or more: of two instances with 2.5 calls a second, each would
 * make three in some second, and both in the same one. Less than one is left as it is, a call every few seconds, or an
 * instance with few partitions could never make one. 0 where nothing is owned.
 */
export function callRateOf(callsPerSecond: number, { owned, total }: PartitionShare): number {
  const part = (callsPerSecond * owned) / total;
  return part < 1 ? part : Math.floor(part);
}

/** Calls in flight of one instance: whole, and at least one where anything is owned. */
export function concurrentCallsOf(maxConcurrentCalls: number, { owned, total }: PartitionShare): number {
  return owned === 0 ? 0 : Math.max(1, Math.floor((maxConcurrentCalls * owned) / total));
}
