/** Dead letters in batches that one transaction can hold. Pure. */
import type { DeadLetter } from './dead-letter.ts';

const BATCH_BYTES = 4_000_000;

/** Bounded in number and in bytes, so that a transaction stays short. */
export function* inBatches(deadLetters: readonly DeadLetter[], maxCount: number): Generator<readonly DeadLetter[]> {
  let batch: DeadLetter[] = [];
  let bytes = 0;
  for (const deadLetter of deadLetters) {
    const sizeBytes = deadLetter.record.value?.length ?? 0;
    if (batch.length === maxCount || (batch.length > 0 && bytes + sizeBytes > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(deadLetter);
    bytes += sizeBytes;
  }
  if (batch.length > 0) yield batch;
}
