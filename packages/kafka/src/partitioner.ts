import { Partitioners } from './kafkajs/index.ts';

/** The partition of a key among `partitionCount`: murmur2 as the Java client computes it. A null key goes to partition 0. */
export function partitionFor(key: Buffer | null, partitionCount: number): number {
  if (key === null) return 0;
  const partitionMetadata = Array.from({ length: partitionCount }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 0,
    replicas: [],
    isr: [],
  }));
  return choose({ topic: '', partitionMetadata, message: { key, value: null } });
}

const choose = Partitioners.DefaultPartitioner();
