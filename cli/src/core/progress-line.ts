/** One line about work that takes a while: how much is done, how fast, and how long is left. Pure. */
import { formatCount, formatDuration } from '@astrolabe/operations/quantities';

export interface ProgressState {
  /** The work: `backfill`. */
  readonly label: string;
  /** What is counted: `events`. */
  readonly unit: string;
  readonly done: number;
  /** Undefined where the end is unknown. */
  readonly total: number | undefined;
  /**
   * Share of the whole where that is not counted in `unit`, such as the bytes of a file whose lines are not counted
   * yet. From 0 to 1.
   */
  readonly share?: number | undefined;
  /** What was done when the watching began: the rate is that of the rest. */
  readonly before?: { readonly done: number; readonly share: number } | undefined;
  readonly elapsedMs: number;
}

const BAR_CELLS = 20;

/** `backfill [#####...............] 25%  25,000 of 100,000 events, 5,000/s, 15 s left`. */
export function formatProgress(state: ProgressState, withBar: boolean): string {
  const { label, unit, done, total, before = { done: 0, share: 0 }, elapsedMs } = state;
  const share = shareOf(state);
  const perSecond = elapsedMs > 0 ? ((done - before.done) * 1_000) / elapsedMs : 0;
  const counted =
    total === undefined ? `${formatCount(done)} ${unit}` : `${formatCount(done)} of ${formatCount(total)} ${unit}`;
  const parts = [counted, `${formatCount(Math.round(perSecond))}/s`];
  if (share !== undefined && share > before.share && share < 1) {
    parts.push(`${formatDuration((elapsedMs * (1 - share)) / (share - before.share))} left`);
  }
  if (share === undefined) return `${label}  ${parts.join(', ')}`;
  const percent = `${Math.floor(share * 100)}%`;
  return withBar
    ? `${label} ${bar(share)} ${percent}  ${parts.join(', ')}`
    : `${label} ${percent}  ${parts.join(', ')}`;
}

function shareOf({ done, total, share }: ProgressState): number | undefined {
  const known = share ?? (total === undefined ? undefined : total === 0 ? 1 : done / total);
  return known === undefined ? undefined : Math.min(1, Math.max(0, known));
}

function bar(share: number): string {
  const filled = Math.floor(share * BAR_CELLS);
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}]`;
}
