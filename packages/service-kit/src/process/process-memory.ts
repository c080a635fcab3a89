/** How much memory this process may take: of V8's heap, and of its container or machine. */
import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

export interface ProcessMemory {
  /** What may live in V8's heap for long (`--max-old-space-size`). With more, V8 ends the process. */
  readonly heapBytes: number;
  /** V8's heap with the generation of young objects. Buffers are not in it. */
  readonly heapLimitBytes: number;
  /** Heap and buffers: the container's limit, or else the machine's memory. With more, the system ends the process. */
  readonly totalBytes: number;
}

export function readProcessMemory(): ProcessMemory {
  const machineBytes = totalmem();
  // 0 where the system does not tell, and a number beyond any memory where there is no limit.
  const containerBytes = process.constrainedMemory();
  const totalBytes = containerBytes > 0 ? Math.min(containerBytes, machineBytes) : machineBytes;
  return processMemoryOf(getHeapStatistics().heap_size_limit, totalBytes);
}

const MAX_YOUNG_BYTES = 192 * 1_048_576;
/** Of the memory in all: V8 takes a half for the heap, and 3/64 of that for young objects. */
const YOUNG_SHARE = 3 / 128;
/** Where the young generation was made smaller than V8's default, which V8 does not tell. */
const LEAST_OLD_SHARE = 1 / 4;

/** V8 tells its limit with the young generation included, which is most of a small heap. */
export function processMemoryOf(heapLimitBytes: number, totalBytes: number): ProcessMemory {
  const youngBytes = Math.min(MAX_YOUNG_BYTES, totalBytes * YOUNG_SHARE);
  const heapBytes = Math.floor(Math.max(heapLimitBytes - youngBytes, heapLimitBytes * LEAST_OLD_SHARE));
  return { heapBytes, heapLimitBytes, totalBytes };
}
