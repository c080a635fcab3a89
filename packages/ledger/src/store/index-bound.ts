/** How much memory the delivery ledger's index may take, that of all the dispatcher's partitions together. */
import type { ProcessMemory } from '@astrolabe/service-kit';
import { PipelineError } from '@astrolabe/service-kit/errors';

const MIB = 1_048_576;
/** Of what V8's heap leaves. The rest is for records in hand, connections and the program itself. */
const INDEX_SHARE = 1 / 2;
/** Where V8's heap may take nearly all of it. */
const LEAST_SHARE = 1 / 8;
/** Of a table in the middle of its growth: three slots for each, 8 bytes a slot. */
const ENTRY_BYTES = 24;

/** The index is in buffers, not in V8's heap. */
export function maxIndexBytes({ totalBytes, heapLimitBytes }: ProcessMemory): number {
  return Math.floor(Math.max((totalBytes - heapLimitBytes) * INDEX_SHARE, totalBytes * LEAST_SHARE));
}

/** Of a dispatcher whose partitions' deliveries need more. */
export function ledgerTooLarge(neededBytes: number, memory: ProcessMemory): PipelineError {
  const maxBytes = maxIndexBytes(memory);
  const fact = `the delivery ledger of this dispatcher's partitions needs ${mib(neededBytes)} MiB of memory for its index, and of the ${mib(memory.totalBytes)} MiB that the process may take, ${mib(maxBytes)} MiB are for that (${Math.floor(maxBytes / ENTRY_BYTES).toLocaleString('en')} deliveries at least)`;
  const remedy = `give the process more memory, run more instances, so that each has fewer partitions, or lower DISPATCHER_LEDGER_WINDOW_HOURS`;
  return new PipelineError('ledger.too-large', `${fact}; ${remedy}`, {
    retryable: false,
    details: { neededBytes, maxBytes, totalBytes: memory.totalBytes },
  });
}

function mib(bytes: number): number {
  return Math.ceil(bytes / MIB);
}
