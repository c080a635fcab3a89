/** What is asked for → the order to write, or the replay that was started before under this id. Writes nothing. */
import { randomUUID } from 'node:crypto';
import { differencesFrom, type ReplayOrder, type ReplayRequest, type ReplayView } from '@astrolabe/replay';
import type { Cluster, OperationRun } from '../cluster/cluster.ts';
import { findSpans, type RangeRefusal } from '../cluster/spans.ts';
import { missingOffsets, missingTimes, type MissingRecords } from './core/missing-records.ts';
import { offsetRangesOf } from './core/offsets-text.ts';
import { readOlderReplay, type OlderReplay } from './core/older-replay.ts';
import { ReplayBoard } from './replay-board.ts';
import { sourceTopicOf, topicIdsOf } from './source-topic.ts';

export interface PlanReplayOptions extends OperationRun {
  readonly cluster: Pick<Cluster, 'admin' | 'reader' | 'inspector' | 'topics'>;
  readonly request: ReplayRequest;
  /** Undefined: a new one. */
  readonly id: string | undefined;
  readonly recordsPerSecond: number | undefined;
}

export type PlannedReplay =
  /** A new replay; `missing` is what is asked for and not on the topic. */
  | { readonly kind: 'planned'; readonly order: ReplayOrder; readonly missing: readonly MissingRecords[] }
  /** A replay with this id was started before, with the same options. */
  | { readonly kind: 'started'; readonly view: ReplayView }
  /** As `started`, with other options. */
  | {
      readonly kind: 'different-request';
      readonly started: ReplayView;
      readonly differing: readonly (keyof ReplayRequest)[];
    }
  /** A replay with this id was started by a version before managed replays. */
  | { readonly kind: 'older-version'; readonly replay: OlderReplay }
  /** A new replay needs to know which part of the topic. `id`: where one was named that does not exist. */
  | { readonly kind: 'no-range'; readonly id: string | undefined }
  /** The topic has no record in the range. */
  | { readonly kind: 'nothing-in-range'; readonly topic: string; readonly missing: readonly MissingRecords[] }
  | RangeRefusal;

export async function planReplay(options: PlanReplayOptions): Promise<PlannedReplay> {
  const { cluster, request, id, signal } = options;
  if (id !== undefined) {
    const { replays, olderVersion } = await new ReplayBoard(cluster).refresh(signal);
    const view = replays.get(id);
    if (view !== undefined) {
      const differing = differencesFrom(view.order.request, request);
      return differing.length > 0 ? { kind: 'different-request', started: view, differing } : { kind: 'started', view };
    }
    const older = olderVersion.get(id);
    if (older !== undefined) return { kind: 'older-version', replay: readOlderReplay(id, older) };
  }
  return planNew(options);
}

/** Ends are those of this moment: what comes later is not in the range. */
async function planNew({ cluster, request, id, recordsPerSecond, clock }: PlanReplayOptions): Promise<PlannedReplay> {
  const { toEarliest, toDatetime, byDuration, untilDatetime } = request;
  const offsets = offsetRangesOf(request);
  if ([toEarliest, toDatetime, byDuration, untilDatetime, offsets].every((part) => part === undefined)) {
    return { kind: 'no-range', id };
  }
  const topic = sourceTopicOf(cluster, request);
  const nowMs = clock.nowMs();
  const { offsets: _text, ...range } = request;
  const found = await findSpans(cluster, topic, { ...range, ...(offsets !== undefined && { offsets }) }, nowMs);
  if (found.kind !== 'spans') return found;
  const spans = found.spans.map(({ partition, fromOffset, endOffset }) => ({ partition, fromOffset, endOffset }));
  const missing = await findMissing(cluster, topic, request, spans);
  if (spans.length === 0) return { kind: 'nothing-in-range', topic, missing };
  const order: ReplayOrder = {
    id: id ?? randomUUID(),
    request,
    startedAtMs: nowMs,
    spans,
    topicIds: await topicIdsOf(cluster, request),
    wanted: 'run',
    changedAtMs: nowMs,
    ...(recordsPerSecond !== undefined && { recordsPerSecond }),
  };
  return { kind: 'planned', order, missing };
}

async function findMissing(
  { admin }: Pick<Cluster, 'admin'>,
  topic: string,
  request: ReplayRequest,
  spans: ReplayOrder['spans'],
): Promise<MissingRecords[]> {
  const watermarks = await admin.watermarks(topic);
  const ranges = offsetRangesOf(request);
  if (ranges !== undefined) return ranges.flatMap((range) => missingOffsets(range, watermarks));
  if (request.toDatetime === undefined && request.byDuration === undefined) return [];
  return missingTimes(spans, watermarks);
}
