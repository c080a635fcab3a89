/** Starts a replay: its order is stored, and the owners of the partitions take it from there. */
import {
  isOver,
  orderRecord,
  phaseOf,
  type PlacedRecord,
  type ReplayOrder,
  type ReplaySnapshot,
} from '@astrolabe/replay';
import { changeReplays, type ReplayChangeOptions } from './change-replays.ts';
import { readOlderReplay } from './core/older-replay.ts';
import { removalRecords } from './core/removal-records.ts';
import { summarize } from './core/replay-report.ts';

export interface StartReplayOptions extends ReplayChangeOptions {
  readonly order: ReplayOrder;
}

export type StartedReplay =
  | { readonly kind: 'started' }
  /** Another program has started one with this id meanwhile. */
  | { readonly kind: 'exists' };

/** What is over for longer is removed: its range has expired, and nobody asks for it any more. */
const KEPT_MS = 7 * 86_400_000;

export async function startReplay(options: StartReplayOptions): Promise<StartedReplay> {
  const { order, clock } = options;
  return changeReplays<StartedReplay>(options, (snapshot) => {
    if (snapshot.replays.has(order.id) || snapshot.olderVersion.has(order.id)) {
      return { outcome: { kind: 'exists' }, records: [] };
    }
    return {
      outcome: { kind: 'started' },
      records: [...removalsOf(snapshot, clock.nowMs() - KEPT_MS), orderRecord(order)],
    };
  });
}

/** Of everything that was over, or was started by a version before managed replays, before `beforeMs`. */
function removalsOf({ replays, olderVersion }: ReplaySnapshot, beforeMs: number): PlacedRecord[] {
  const over = [...replays.values()].filter(
    (view) => isOver(phaseOf(view)) && summarize(view).lastActiveAtMs < beforeMs,
  );
  const older = [...olderVersion].filter(([id, value]) => {
    const replay = readOlderReplay(id, value);
    return replay.kind === 'readable' && Date.parse(replay.startedAt) < beforeMs;
  });
  return [
    ...over.flatMap(({ order }) => removalRecords(order)),
    ...older.map(([id]): PlacedRecord => ({ key: Buffer.from(id), value: null, headers: {}, partition: 0 })),
  ];
}
