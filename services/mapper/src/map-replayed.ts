/** Maps replayed events as live ones are mapped, with the same state; their commands go to a topic of their own. */
import type { ReplayTransformed, StateView } from '@astrolabe/processing';
import type { ConsumedRecord, Topics } from '@astrolabe/records';
import type { UserState } from './core/user-state.ts';
import { createMapBatch, type HandledBatch, type MapBatchOptions } from './map-batch.ts';

export type MapReplayed = (
  records: readonly ConsumedRecord[],
  state: StateView<UserState>,
) => ReplayTransformed<HandledBatch>;

export interface MapReplayedOptions extends Omit<MapBatchOptions, 'topics'> {
  readonly topics: Pick<Topics, 'replayedCommands' | 'segmentEventsDeadLetters'>;
}

export function createMapReplayed(options: MapReplayedOptions): MapReplayed {
  const { replayedCommands, segmentEventsDeadLetters } = options.topics;
  const mapBatch = createMapBatch({ ...options, topics: { commands: replayedCommands, segmentEventsDeadLetters } });
  return (records, state) => {
    const { outputs, result } = mapBatch(records, state);
    const counts = { mapped: 0, skipped: 0, deadLettered: 0 };
    let commands = 0;
    for (const { outcome } of result.records) {
      switch (outcome.kind) {
        case 'mapped':
          counts.mapped += 1;
          commands += outcome.commands;
          break;
        case 'skipped':
          counts.skipped += 1;
          break;
        case 'dead-lettered':
          counts.deadLettered += 1;
      }
    }
    return { outputs, counts, commands, result };
  };
}
