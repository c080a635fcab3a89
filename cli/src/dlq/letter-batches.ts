/** Dead letters in portions that one transaction can hold. Pure. */
import type { DeadLetter } from './dead-letter.ts';

const BATCH_BYTES = 4_000_000;

/** Bounded in number and in bytes, so that a transaction stays short. */
export function* letterBatches(letters: readonly DeadLetter[], maxLetters: number): Generator<readonly DeadLetter[]> {
  let batch: DeadLetter[] = [];
  let bytes = 0;
  for (const letter of letters) {
    const sizeBytes = letter.record.value?.length ?? 0;
    if (batch.length === maxLetters || (batch.length > 0 && bytes + sizeBytes > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(letter);
    bytes += sizeBytes;
  }
  if (batch.length > 0) yield batch;
}
