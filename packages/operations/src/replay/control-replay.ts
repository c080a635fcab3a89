/** Pauses, resumes and cancels a replay: its order is changed, and the owners of the partitions obey it. */
import {
  changeOrder,
  orderRecord,
  type ReplayOrder,
  type ReplayPhase,
  type ReplayView,
  type WantedState,
} from '@astrolabe/replay';
import type { Cluster } from '../cluster/cluster.ts';
import { changeReplays, type ReplayChange, type ReplayChangeOptions } from './change-replays.ts';
import { readOlderReplay, type OlderReplay } from './core/older-replay.ts';
import { removalRecords } from './core/removal-records.ts';
import { findOrphans } from './source-topic.ts';

export interface ControlReplayOptions extends ReplayChangeOptions {
  readonly cluster: ReplayChangeOptions['cluster'] & Pick<Cluster, 'inspector'>;
  readonly id: string;
  readonly wanted: WantedState;
  /** A new cap, `none` to lift it; undefined: as it is. */
  readonly rate?: number | 'none' | undefined;
}

export type ControlledReplay =
  | { readonly kind: 'changed' }
  /** It is so already. */
  | { readonly kind: 'unchanged' }
  /** Its topic was deleted and created again, so that nobody works on it: cancelled, it was removed. */
  | { readonly kind: 'removed' }
  | { readonly kind: 'orphan' }
  /** It is over, or being cancelled. */
  | { readonly kind: 'refused'; readonly phase: ReplayPhase }
  | { readonly kind: 'older-version'; readonly replay: OlderReplay }
  | { readonly kind: 'unknown' };

export function controlReplay(options: ControlReplayOptions): Promise<ControlledReplay> {
  const { cluster, id, wanted, rate, clock } = options;
  return changeReplays<ControlledReplay>(options, async ({ replays, olderVersion }) => {
    const view = replays.get(id);
    if (view !== undefined) {
      const [orphan] = await findOrphans(cluster, [view.order]);
      if (orphan === undefined) return decide(view, wanted, rate, clock.nowMs());
      if (wanted !== 'cancel') return { outcome: { kind: 'orphan' }, records: [] };
      return { outcome: { kind: 'removed' }, records: removalRecords(view.order) };
    }
    const older = olderVersion.get(id);
    if (older === undefined) return { outcome: { kind: 'unknown' }, records: [] };
    return { outcome: { kind: 'older-version', replay: readOlderReplay(id, older) }, records: [] };
  });
}

function decide(
  view: ReplayView,
  wanted: WantedState,
  rate: number | 'none' | undefined,
  nowMs: number,
): ReplayChange<ControlledReplay> {
  const changed = changeOrder(view, wanted, nowMs);
  if (changed.kind === 'refused') return { outcome: changed, records: [] };
  const order = withRate(changed.kind === 'changed' ? changed.order : view.order, rate, nowMs);
  if (order === view.order) return { outcome: { kind: 'unchanged' }, records: [] };
  return { outcome: { kind: 'changed' }, records: [orderRecord(order)] };
}

function withRate(order: ReplayOrder, rate: number | 'none' | undefined, nowMs: number): ReplayOrder {
  const wanted = rate === 'none' ? undefined : (rate ?? order.recordsPerSecond);
  if (wanted === order.recordsPerSecond) return order;
  const { recordsPerSecond: _before, ...rest } = order;
  const changedAtMs = Math.max(nowMs, order.changedAtMs + 1);
  return { ...rest, changedAtMs, ...(wanted !== undefined && { recordsPerSecond: wanted }) };
}
