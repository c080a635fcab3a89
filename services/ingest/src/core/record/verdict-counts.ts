import type { EventType, Verdict } from '@astrolabe/segment';

/** The outcome of an event: stored, stored although the destination will skip it, or refused. */
export type EventVerdict = 'accepted' | 'unsupported' | 'rejected';

/** Events of one request with the same type and verdict. */
export interface VerdictCount {
  readonly type: EventType | 'unknown';
  readonly verdict: EventVerdict;
  readonly count: number;
}

/** Events of one request by type and verdict, so that a batch of a hundred costs a counter or two. */
export class VerdictCounts {
  readonly #counts: { type: EventType | 'unknown'; verdict: EventVerdict; count: number }[] = [];

  get all(): readonly VerdictCount[] {
    return this.#counts;
  }

  add(judged: Verdict): void {
    const { type = 'unknown' } = judged;
    const verdict = judged.kind === 'rejected' ? 'rejected' : judged.isUnsupported ? 'unsupported' : 'accepted';
    const entry = this.#counts.find((candidate) => candidate.type === type && candidate.verdict === verdict);
    if (entry === undefined) this.#counts.push({ type, verdict, count: 1 });
    else entry.count += 1;
  }
}
