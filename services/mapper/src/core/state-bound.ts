/** How much of the mapper's memory users may take, those of all connectors and of all its partitions together. */
import type { ProcessMemory } from '@astrolabe/service-kit';
import { PipelineError } from '@astrolabe/service-kit/errors';

export interface StateBound {
  /** With more, the mapper stops. */
  readonly maxBytes: number;
  /** From here on a new user has to take the place of another one. */
  readonly growthBytes: number;
}

const MIB = 1_048_576;
/** What a mapper without users holds of the heap. */
const PROGRAM_BYTES = 48 * MIB;
/** The rest is for records in hand, and for what the garbage collector has not collected yet. */
const USERS_SHARE = 1 / 2;
/** A start reads records of the past too, which may come to more for a moment. */
const GROWTH_SHARE = 4 / 5;

export function stateBoundOf({ heapBytes }: ProcessMemory): StateBound {
  const maxBytes = Math.max(0, Math.floor((heapBytes - PROGRAM_BYTES) * USERS_SHARE));
  return { maxBytes, growthBytes: Math.floor(maxBytes * GROWTH_SHARE) };
}

/** Of a mapper whose partitions hold more than its bound. */
export function stateTooLarge(usedBytes: number, { maxBytes }: StateBound, memory: ProcessMemory): PipelineError {
  const heapBytes = Math.round(usedBytes / USERS_SHARE + PROGRAM_BYTES);
  const fact = `the users of this mapper's partitions take more than ${mib(usedBytes)} MiB, and its heap of ${mib(memory.heapBytes)} MiB has room for ${mib(maxBytes)} MiB of them`;
  const remedy = `raise --max-old-space-size in NODE_OPTIONS above ${mib(heapBytes)}, or run more instances, so that each has fewer partitions`;
  return new PipelineError('mapper.state-too-large', `${fact}; ${remedy}`, {
    retryable: false,
    details: { usedBytes, maxBytes, heapBytes: memory.heapBytes },
  });
}

function mib(bytes: number): number {
  return Math.ceil(bytes / MIB);
}
