/** What is asked for → the replay to run: a new one with its range, or one that was started before. Writes nothing. */
import { randomUUID } from 'node:crypto';
import type { Cluster, OperationRun } from '../cluster/cluster.ts';
import { findSpans, type RangeRefusal } from '../cluster/spans.ts';
import { missingOffsets, missingTimes, type MissingRecords } from './core/missing-records.ts';
import {
  differencesFrom,
  noCounts,
  offsetRangesOf,
  type ReplayRequest,
  type ReplayState,
} from './core/replay-state.ts';
import { needsValue } from './match-record.ts';
import { findReplay } from './replay-log.ts';
import { inTheseTopics, readTopicIds, watchedTopics } from './replay-topics.ts';

export interface PrepareReplayOptions extends OperationRun {
  readonly cluster: Pick<Cluster, 'admin' | 'reader' | 'inspector' | 'topics'>;
  readonly request: ReplayRequest;
  /** Of a replay to resume, or to start under this id. Undefined: a new one. */
  readonly id: string | undefined;
  /** Whether the values of commands can be decoded. */
  readonly hasRegistry: boolean;
}

export type PreparedReplay =
  | {
      readonly kind: 'prepared';
      readonly state: ReplayState;
      /** Of a new replay: what is asked for and not on the topic. */
      readonly missing: readonly MissingRecords[];
    }
  /** The replay was started with different options. */
  | {
      readonly kind: 'different-request';
      readonly started: ReplayState;
      readonly differing: readonly (keyof ReplayRequest)[];
    }
  /** The filter depends on what commands say, and no registry is configured. */
  | { readonly kind: 'needs-registry' }
  /** A new replay needs to know which part of the topic. */
  | { readonly kind: 'no-range' }
  | RangeRefusal;

export async function prepareReplay(options: PrepareReplayOptions): Promise<PreparedReplay> {
  const prepared = await planOrResume(options);
  if (prepared.kind !== 'prepared' || options.hasRegistry) return prepared;
  const { request } = prepared.state;
  return request.source === 'commands' && needsValue(request) ? { kind: 'needs-registry' } : prepared;
}

async function planOrResume(options: PrepareReplayOptions): Promise<PreparedReplay> {
  const { cluster, request, id, clock, signal } = options;
  const started = id === undefined ? undefined : await findReplay(cluster, id, signal);
  if (started === undefined) return planReplay(cluster, request, id ?? randomUUID(), clock.nowMs());
  const differing = differencesFrom(started.request, request);
  if (differing.length > 0) return { kind: 'different-request', started, differing };
  return { kind: 'prepared', state: inTheseTopics(started, await readTopicIds(cluster)), missing: [] };
}

export function sourceTopicOf({ topics }: Pick<Cluster, 'topics'>, { source }: ReplayRequest): string {
  return source === 'events' ? topics.segmentEvents.name : topics.commands.name;
}

/** Ends are those of this moment: what the replay itself writes is never in its range. */
async function planReplay(
  cluster: PrepareReplayOptions['cluster'],
  request: ReplayRequest,
  id: string,
  nowMs: number,
): Promise<PreparedReplay> {
  const { toEarliest, toDatetime, byDuration, untilDatetime } = request;
  const offsets = offsetRangesOf(request);
  if ([toEarliest, toDatetime, byDuration, untilDatetime, offsets].every((part) => part === undefined)) {
    return { kind: 'no-range' };
  }
  const topic = sourceTopicOf(cluster, request);
  const { offsets: _text, ...range } = request;
  const found = await findSpans(cluster, topic, { ...range, ...(offsets !== undefined && { offsets }) }, nowMs);
  if (found.kind !== 'spans') return found;
  const watchFrom: Record<string, readonly bigint[]> = {};
  for (const watched of watchedTopics(cluster)) {
    watchFrom[watched] = (await cluster.admin.watermarks(watched)).map(({ highWatermark }) => highWatermark);
  }
  const state: ReplayState = {
    id,
    request,
    startedAt: new Date(nowMs).toISOString(),
    spans: found.spans.map(({ partition, fromOffset, endOffset }) => ({
      partition,
      fromOffset,
      endOffset,
      position: fromOffset,
    })),
    watchFrom,
    topicIds: await readTopicIds(cluster),
    counts: noCounts(),
  };
  return { kind: 'prepared', state, missing: await findMissing(cluster, topic, state) };
}

async function findMissing(
  { admin }: Pick<Cluster, 'admin'>,
  topic: string,
  { request, spans }: ReplayState,
): Promise<MissingRecords[]> {
  const watermarks = await admin.watermarks(topic);
  const ranges = offsetRangesOf(request);
  if (ranges !== undefined) return ranges.flatMap((range) => missingOffsets(range, watermarks));
  if (request.toDatetime === undefined && request.byDuration === undefined) return [];
  return missingTimes(spans, watermarks);
}
