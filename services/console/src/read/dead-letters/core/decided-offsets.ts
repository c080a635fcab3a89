/**
 * What has been decided about the dead letters of one partition: two bits for each offset, in pieces that exist where
 * something was decided. A decision about five million takes little more than a megabyte. Pure.
 */
import type { DecisionState } from '@astrolabe/operations';

export type Decision = Exclude<DecisionState, 'waiting'>;

const PIECE_OFFSETS = 4_096;
const states: readonly DecisionState[] = ['waiting', 'redriven', 'dismissed'];

export class DecidedOffsets {
  /** By the number of the piece. Two bits for each offset of it. */
  readonly #pieces = new Map<number, Uint8Array>();

  /** False where it was decided before: the first decision holds. */
  decide(offset: number, decision: Decision): boolean {
    const number = Math.floor(offset / PIECE_OFFSETS);
    let piece = this.#pieces.get(number);
    if (piece === undefined) {
      piece = new Uint8Array(PIECE_OFFSETS / 4);
      this.#pieces.set(number, piece);
    }
    const { index, shift } = placeOf(offset);
    const before = piece[index] ?? 0;
    if (((before >> shift) & 3) !== 0) return false;
    piece[index] = before | (states.indexOf(decision) << shift);
    return true;
  }

  stateOf(offset: number): DecisionState {
    const piece = this.#pieces.get(Math.floor(offset / PIECE_OFFSETS));
    if (piece === undefined) return 'waiting';
    const { index, shift } = placeOf(offset);
    return states[((piece[index] ?? 0) >> shift) & 3] ?? 'waiting';
  }

  /** What is below is gone from the topic. */
  dropBelow(offset: number): void {
    const first = Math.floor(offset / PIECE_OFFSETS);
    for (const number of this.#pieces.keys()) if (number < first) this.#pieces.delete(number);
  }
}

function placeOf(offset: number): { readonly index: number; readonly shift: number } {
  const within = offset % PIECE_OFFSETS;
  return { index: within >> 2, shift: (within & 3) * 2 };
}
