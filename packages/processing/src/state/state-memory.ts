/**
 * What the states of all partitions of a process take in memory, by scope, and how much they may take. Without a bound
 * over all, a process that is assigned more than fits dies of it, at each restart again.
 */
import type { PipelineError } from '@astrolabe/service-kit/errors';

export interface StateMemoryOptions {
  /** More than this is a fault: the process stops before its heap is full. */
  readonly maxBytes: number;
  /** From here on new entries find no room. Below `maxBytes`: what a process holds must fit at its next start too. */
  readonly growthBytes: number;
  /** Says what to do. Not retryable. */
  readonly fault: (usedBytes: number) => PipelineError;
}

/** An entry's two strings without their characters, its key, and its place in a map that has just grown. */
const ENTRY_BYTES = 104;
const WORD_BYTES = 8;
/** Of the two maps of a scope on a partition, beside their entries. */
export const SCOPE_BYTES = 600;

/** An upper bound of what an entry takes in V8's heap, with a key of up to 16 characters. */
export function entryBytes(packedLength: number): number {
  return ENTRY_BYTES + Math.ceil(packedLength / WORD_BYTES) * WORD_BYTES;
}

export class StateMemory {
  readonly #options: StateMemoryOptions | undefined;
  readonly #byScope = new Map<string, number>();
  #usedBytes = 0;

  /** Without options there is no bound. */
  constructor(options?: StateMemoryOptions) {
    this.#options = options;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get maxBytes(): number {
    return this.#options?.maxBytes ?? Number.POSITIVE_INFINITY;
  }

  /** `bytes` below zero are given back. */
  add(scope: string, bytes: number): void {
    this.#usedBytes += bytes;
    const ofScope = (this.#byScope.get(scope) ?? 0) + bytes;
    if (ofScope === 0) this.#byScope.delete(scope);
    else this.#byScope.set(scope, ofScope);
  }

  /**
   * A scope may hold as much as is left for all others: half where it is alone, a third where two are large. So a large
   * one leaves room for the next.
   */
  hasRoom(scope: string): boolean {
    if (this.#options === undefined) return true;
    return (this.#byScope.get(scope) ?? 0) < this.#options.growthBytes - this.#usedBytes;
  }

  /** Throws the fault where more is held than may be. */
  assertFits(): void {
    if (this.#options !== undefined && this.#usedBytes > this.#options.maxBytes) {
      throw this.#options.fault(this.#usedBytes);
    }
  }
}
