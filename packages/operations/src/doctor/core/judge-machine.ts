/** Clocks and disks → findings. Pure. */
import { formatDuration } from '../../core/quantities.ts';
import { ok, problem, warning, type Finding } from './finding.ts';

/** Beyond this, times of events are corrected wrongly and replays by time begin at the wrong place. */
export const MAX_SKEW_MS = 5_000;

export function judgeClock(skewMs: number, against: string): Finding[] {
  const apart = formatDuration(Math.abs(skewMs));
  if (Math.abs(skewMs) <= MAX_SKEW_MS) return [ok('clock', `within ${formatDuration(MAX_SKEW_MS)} of ${against}`)];
  return [
    problem(
      'clock',
      `is ${apart} ${skewMs > 0 ? 'ahead of' : 'behind'} ${against}`,
      'events get wrong times, and freshness and lag are off by as much',
      'timedatectl status; then set up NTP',
    ),
  ];
}

/** `aheadTopics`: those with records from the future. */
export function judgeRecordTimes(aheadTopics: readonly string[]): Finding[] {
  if (aheadTopics.length === 0) {
    return [ok('clock', `no record is more than ${formatDuration(MAX_SKEW_MS)} ahead of this machine`)];
  }
  return [
    problem(
      'clock',
      `records on ${aheadTopics.join(', ')} are more than ${formatDuration(MAX_SKEW_MS)} ahead of this machine`,
      'the clock is wrong here or where they were written; replays by time begin at the wrong place',
      'timedatectl status, here and where ingest, mapper and dispatcher run',
    ),
  ];
}

const LOW_SHARE = 0.1;

export function judgeDisk(path: string, freeBytes: number, totalBytes: number): Finding[] {
  const share = totalBytes === 0 ? 1 : freeBytes / totalBytes;
  const fact = `${Math.round(share * 100)} % free at ${path}`;
  if (share >= LOW_SHARE) return [ok('disk', fact)];
  return [warning('disk', fact, 'writing state, exports and logs may fail', `du -xh ${path} | sort -h | tail`)];
}
