import { murmur2 } from './murmur2.ts';

/**
 * The partition of a key among `partitionCount`: murmur2 as the Java client computes it. A null key goes to partition
 * 0.
 */
export function partitionFor(key: Buffer | null, partitionCount: number): number {
  return key === null ? 0 : (murmur2(key) & LARGEST_INT32) % partitionCount;
}

const LARGEST_INT32 = 0x7fff_ffff;
