/** What flags ask for → where the replay begins and ends, and what it would do. */
import { spansOf, type Cluster } from '../cluster.ts';
import type { CommandContext } from '../command-context.ts';
import { parseOffsetRanges, type OffsetRange } from '../core/offset-ranges.ts';
import { countMadeCommands, EventNames, type MadeCommands } from './count-made-commands.ts';
import { endsOf, watchedTopics } from './follow-outcomes.ts';
import { readSource, type SortedRecord, type SourceReading } from './read-source.ts';
import {
  countSorted,
  countUnreadable,
  noCounts,
  type ReplayCounts,
  type ReplayRequest,
  type ReplayState,
  type TopicIds,
} from './replay-state.ts';

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
    topicIds: await readTopicIds(cluster),
    counts: noCounts(),
  };
}

/** Of the topics that the offsets of a replay are of. */
export async function readTopicIds(cluster: Cluster): Promise<TopicIds> {
  const found = await cluster.inspector.describe(watchedTopics(cluster));
  return Object.fromEntries(found.flatMap(({ name, topicId }) => (topicId === undefined ? [] : [[name, topicId]])));
}

export interface ReplayForecast {
  readonly counts: ReplayCounts;
  /** Of events: what was made before of those that would be sent. */
  readonly made: MadeCommands | undefined;
}

/** Counts what a replay would do from its position on. Writes nothing. */
export async function forecastReplay(
  context: CommandContext,
  reading: SourceReading,
  { spans, counts }: ReplayState,
): Promise<ReplayForecast> {
  const { clock, signal } = context;
  const { cluster, known, request } = reading;
  const counted = { ...counts };
  const events = new EventNames();
  const progress = context.startProgress('reading', request.source);
  try {
    for (const span of spans) {
      const onPortion = (portion: readonly SortedRecord[]): void => {
        for (const { record, sorted } of portion) {
          countSorted(counted, sorted);
          if (request.source === 'events' && sorted === 'send') events.add(record);
        }
        progress.update(counted.read);
      };
      await readSource(reading, span, signal, onPortion, (records) => countUnreadable(counted, records));
    }
    const made =
      request.source === 'events' ? await countMadeCommands(cluster, known, events, clock.nowMs(), signal) : undefined;
    return { counts: counted, made };
  } finally {
    progress.end();
  }
}

/** As `parseOffsetRanges` reads it: the same ranges are the same text, however they were typed. */
export function offsetsText(ranges: readonly OffsetRange[]): string {
  return ranges
    .map(({ partition, firstOffset, lastOffset }) => `${partition}:${firstOffset}-${lastOffset ?? ''}`)
    .join(',');
}
