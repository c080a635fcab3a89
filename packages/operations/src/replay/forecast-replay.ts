/** Counts what a replay would do from its position on. Writes nothing. */
import type { ProgressSnapshot } from '../cluster/cluster.ts';
import { buildForecast, type ReplayForecast } from './core/forecast.ts';
import { countSorted, countUnreadable } from './core/replay-state.ts';
import { countMadeCommands, EventNames } from './count-made-commands.ts';
import { openSource, type ReplaySourceOptions } from './open-source.ts';
import { readSource, type SkippedRecords, type SortedRecord } from './read-source.ts';

export type ForecastEvent =
  | { readonly kind: 'progress'; readonly progress: ProgressSnapshot }
  | { readonly kind: 'skipped'; readonly skipped: SkippedRecords };

export interface ForecastOptions extends ReplaySourceOptions {
  readonly onEvent: (event: ForecastEvent) => void;
}

export async function forecastReplay(options: ForecastOptions): Promise<ReplayForecast> {
  const { cluster, state, signal, onEvent } = options;
  const { request } = state;
  const source = await openSource(options, (skipped) => onEvent({ kind: 'skipped', skipped }));
  const counts = { ...state.counts };
  const events = new EventNames();
  for (const span of state.spans) {
    const onPortion = (portion: readonly SortedRecord[]): void => {
      for (const { record, sorted } of portion) {
        countSorted(counts, sorted);
        if (request.source === 'events' && sorted === 'send') events.add(record);
      }
      onEvent({ kind: 'progress', progress: { done: counts.read } });
    };
    await readSource(source, span, signal, onPortion, (records) => countUnreadable(counts, records));
  }
  const made = request.source === 'events' ? await countMadeCommands(cluster, source.known, events, signal) : undefined;
  return buildForecast(counts, made, request);
}
