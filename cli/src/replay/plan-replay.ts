/** What flags ask for → where the replay begins and ends, and what it would do. */
import { spansOf, type Cluster } from '../cluster.ts';
import type { CommandContext } from '../command-context.ts';
import type { OffsetRange } from '../core/offset-ranges.ts';
import { parseOffsetRanges } from '../core/offset-ranges.ts';
import { endsOf, watchedTopics } from './follow-outcomes.ts';
import { readSource, type SourceReading } from './read-source.ts';
import { countSorted, noCounts, type ReplayCounts, type ReplayRequest, type ReplayState } from './replay-state.ts';

/** Ends are those of this moment: what the replay itself writes is never in its range. */
export async function planReplay(
  cluster: Cluster,
  topic: string,
  request: ReplayRequest,
  id: string,
  nowMs: number,
): Promise<ReplayState> {
  const { offsets, ...range } = request;
  const parsed = offsets === undefined ? undefined : parseOffsetRanges(offsets);
  const ranges = parsed?.kind === 'ranges' ? { offsets: parsed.ranges } : {};
  const spans = await spansOf(cluster, topic, { ...range, ...ranges }, nowMs);
  const watchFrom: Record<string, readonly bigint[]> = {};
  for (const watched of watchedTopics(cluster)) watchFrom[watched] = await endsOf(cluster, watched);
  return {
    id,
    request,
    startedAt: new Date(nowMs).toISOString(),
    spans: spans.map(({ partition, fromOffset, endOffset }) => ({
      partition,
      fromOffset,
      endOffset,
      position: fromOffset,
    })),
    watchFrom,
    counts: noCounts(),
  };
}

/** Counts what a replay would do from its position on. Writes nothing. */
export async function countReplay(
  context: CommandContext,
  reading: SourceReading,
  { spans, counts }: ReplayState,
): Promise<ReplayCounts> {
  const counted = { ...counts };
  const progress = context.startProgress('reading', reading.request.source);
  try {
    for (const span of spans) {
      await readSource(reading, span, context.signal, (portion) => {
        for (const { sorted } of portion) countSorted(counted, sorted);
        progress.update(counted.read);
      });
    }
  } finally {
    progress.end();
  }
  return counted;
}

/** As `parseOffsetRanges` reads it: the same ranges are the same text, however they were typed. */
export function offsetsText(ranges: readonly OffsetRange[]): string {
  return ranges
    .map(({ partition, firstOffset, lastOffset }) => `${partition}:${firstOffset}-${lastOffset ?? ''}`)
    .join(',');
}
