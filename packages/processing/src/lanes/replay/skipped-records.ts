/** Records between two that were taken, which were not run: how many there are of each replay, by their outcome. */
export class SkippedRecords<Outcome extends string> {
  readonly offset: bigint;
  readonly #counts = new Map<string, Map<Outcome, number>>();

  /** `offset`: of the first. */
  constructor(offset: bigint) {
    this.offset = offset;
  }

  readonly add = (replayId: string, outcome: Outcome, records: number): void => {
    let counts = this.#counts.get(replayId);
    if (counts === undefined) this.#counts.set(replayId, (counts = new Map<Outcome, number>()));
    counts.set(outcome, (counts.get(outcome) ?? 0) + records);
  };

  forEach(each: (replayId: string, outcome: Outcome, records: number) => void): void {
    for (const [replayId, counts] of this.#counts) {
      for (const [outcome, records] of counts) each(replayId, outcome, records);
    }
  }
}
