import type { EventType, Verdict } from '@astrolabe/segment';
import type { EventVerdict, IngestMetrics } from './ingest-metrics.ts';

/** Events of one request by type and verdict, so that a batch of a hundred costs a counter or two. */
export class VerdictCounts {
  unreadableTimestamps = 0;
  readonly #counts: { readonly type: EventType | 'unknown'; readonly verdict: EventVerdict; count: number }[] = [];

  add(judged: Verdict): void {
    const { type = 'unknown' } = judged;
    const verdict = judged.kind === 'rejected' ? 'rejected' : judged.isUnsupported ? 'unsupported' : 'accepted';
    const entry = this.#counts.find((candidate) => candidate.type === type && candidate.verdict === verdict);
    if (entry === undefined) this.#counts.push({ type, verdict, count: 1 });
    else entry.count += 1;
  }

  report(metrics: IngestMetrics, connectorId: string): void {
    for (const { type, verdict, count } of this.#counts) metrics.eventsJudged(connectorId, type, verdict, count);
    if (this.unreadableTimestamps > 0) metrics.timestampsUnreadable(connectorId, this.unreadableTimestamps);
  }
}
