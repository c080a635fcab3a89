/** Counts what a replay would do. Writes nothing. */
import { needsValue, type ReplayOrder } from '@astrolabe/replay';
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { Cluster, OperationRun, ProgressSnapshot } from '../cluster/cluster.ts';
import { buildForecast, type ReplayForecast } from './core/forecast.ts';
import { countMadeCommands, EventNames } from './count-made-commands.ts';
import { createKnownDeliveries } from './known-deliveries.ts';
import { readSource, type SkippedRecords, type SortedRecord } from './read-source.ts';
import { sourceTopicOf } from './source-topic.ts';

export type ForecastEvent =
  | { readonly kind: 'progress'; readonly progress: ProgressSnapshot }
  | { readonly kind: 'skipped'; readonly skipped: SkippedRecords };

export interface ForecastOptions extends OperationRun {
  readonly cluster: Cluster;
  readonly order: ReplayOrder;
  /** Of commands; undefined where no registry is configured. */
  readonly decoder: CommandDecoder | undefined;
  /** For how long the dispatcher remembers a delivery. */
  readonly ledgerWindowMs: number;
  readonly onEvent: (event: ForecastEvent) => void;
}

export type ForecastOutcome =
  | { readonly kind: 'forecast'; readonly forecast: ReplayForecast }
  /** The filter depends on what commands say, and there is no decoder. The dispatchers have one. */
  | { readonly kind: 'needs-registry' };

export async function forecastReplay(options: ForecastOptions): Promise<ForecastOutcome> {
  const { cluster, order, decoder, ledgerWindowMs, clock, signal, onEvent } = options;
  const { request } = order;
  const isOfEvents = request.source === 'events';
  if (!isOfEvents && needsValue(request) && decoder === undefined) return { kind: 'needs-registry' };
  const known = createKnownDeliveries(cluster, ledgerWindowMs, () => clock.nowMs());
  const source = { cluster, topic: sourceTopicOf(cluster, request), order, decoder, known };
  const counts = { read: 0, replayedBefore: 0, filteredOut: 0, unreadable: 0, matched: 0, knownToLedger: 0 };
  const events = new EventNames();
  const onPortion = (portion: readonly SortedRecord[]): void => {
    for (const { record, sorted } of portion) {
      counts.read += 1;
      if (sorted === 'known') counts.knownToLedger += 1;
      counts[sorted === 'known' ? 'matched' : sorted] += 1;
      if (isOfEvents && sorted === 'matched') events.add(record);
    }
    onEvent({ kind: 'progress', progress: { done: counts.read } });
  };
  const onSkipped = (skipped: SkippedRecords): void => {
    const offsets = Number(skipped.nextOffset - skipped.fromOffset);
    counts.read += offsets;
    counts.unreadable += offsets;
    onEvent({ kind: 'skipped', skipped });
  };
  for (const span of order.spans) await readSource(source, span, signal, onPortion, onSkipped);
  const made = isOfEvents ? await countMadeCommands(cluster, known, events, signal) : undefined;
  return { kind: 'forecast', forecast: buildForecast(counts, made, request) };
}
