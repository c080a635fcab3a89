/**
 * The shares that an instance has had. A smaller share counts at once. A larger one counts only after a while: what the
 * former owner of a partition has under way counts against the limit too. Pure; times are of the monotonic clock.
 */
import { NO_SHARE, shareRatio, type PartitionShare } from './partition-share.ts';

interface ShareChange {
  readonly share: PartitionShare;
  /** It has held from then on. */
  readonly sinceMs: number;
}

/** The oldest first; never empty. Never changed: each function returns the next one. */
export type ShareHistory = readonly ShareChange[];

/** Of an instance that owned nothing so far. */
export const noHistory: ShareHistory = [{ share: NO_SHARE, sinceMs: -Infinity }];

/** `keepMs`: how far back a question will reach. */
export function recordShare(history: ShareHistory, share: PartitionShare, nowMs: number, keepMs: number): ShareHistory {
  const { share: last } = latest(history);
  if (last.owned === share.owned && last.total === share.total) return history;
  const next = [...history, { share, sinceMs: nowMs }];
  // The one that held at the beginning of the time to keep is still of interest.
  const first = next.findLastIndex(({ sinceMs }) => sinceMs <= nowMs - keepMs);
  return next.slice(Math.max(0, first));
}

/** The smallest share that held at any time from then on. */
export function smallestShareFrom(history: ShareHistory, fromMs: number): PartitionShare {
  const first = Math.max(
    0,
    history.findLastIndex(({ sinceMs }) => sinceMs <= fromMs),
  );
  return history
    .slice(first)
    .map(({ share }) => share)
    .reduce((smallest, share) => (shareRatio(share) < shareRatio(smallest) ? share : smallest));
}

/** Since when the instance has owned something; undefined while it owns nothing. */
export function ownsSinceMs(history: ShareHistory): number | undefined {
  const lastWithout = history.findLastIndex(({ share }) => share.owned === 0);
  return lastWithout === history.length - 1 ? undefined : history[lastWithout + 1]?.sinceMs;
}

function latest(history: ShareHistory): ShareChange {
  const last = history.at(-1);
  if (last === undefined) throw new RangeError('a history of shares is empty');
  return last;
}
