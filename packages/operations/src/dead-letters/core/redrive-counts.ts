/** What a redrive does, or would do, with the dead letters of its selection. Pure. */

/** Every dead letter of the selection is exactly one of these. */
export interface RedriveCounts {
  redriven: number;
  alreadyRedriven: number;
  dismissed: number;
  exhausted: number;
  /** Deletions that were not sent with the API key. */
  untrusted: number;
  refused: number;
}

/** A dead letter that is not sent back until somebody decides about it. */
export interface LeftDeadLetter {
  readonly position: string;
  readonly reason: string;
}

export interface RedriveReport {
  readonly counts: Readonly<RedriveCounts>;
  /** Of `redriven`. */
  readonly edited: number;
  /** Dead letters that were selected, by filter or by name. */
  readonly selected: number;
  /** Positions that were named and are no longer on their topic. */
  readonly missing: readonly string[];
  readonly untrusted: readonly LeftDeadLetter[];
  readonly refusals: readonly LeftDeadLetter[];
  readonly maxRedrives: number;
}

export const noCounts = (): RedriveCounts => ({
  redriven: 0,
  alreadyRedriven: 0,
  dismissed: 0,
  exhausted: 0,
  untrusted: 0,
  refused: 0,
});

/** Of the selection, those that somebody still has to decide about. */
export function leftOver({ counts, missing }: RedriveReport): number {
  return counts.exhausted + counts.refused + counts.untrusted + missing.length;
}
