/** Jobs of the console that have not ended → findings. Pure. */
import { formatDuration } from '../../core/quantities.ts';
import type { KnownJob } from '../../jobs/core/job-table.ts';
import { ok, warning, type Finding } from './finding.ts';

const ABOUT = 'jobs';

/** One that is under way ends within minutes, but for a low rate that somebody has chosen. */
const LONG_MS = 3_600_000;

export function judgeJobs(jobs: readonly KnownJob[], nowMs: number): Finding[] {
  const open = jobs.filter(({ end }) => end === undefined);
  return open.length > 0 ? open.map((job) => judgeJob(job, nowMs)) : [ok(ABOUT, 'none is left to do')];
}

function judgeJob({ begun: { id, action, about: what, begunAtMs }, job }: KnownJob, nowMs: number): Finding {
  const about = `job ${id}`;
  const ageMs = nowMs - begunAtMs;
  const fact = `${action} of ${what}, begun ${formatDuration(Math.max(0, ageMs))} ago and not ended`;
  if (job === undefined) {
    const meaning = 'a newer version has begun it, and this one cannot carry it on';
    return warning(about, fact, meaning, 'start a console of the newer version');
  }
  if (ageMs < LONG_MS) return ok(about, fact);
  const meaning = 'its dead letters wait until a console carries it on';
  return warning(about, fact, meaning, 'start the console, or cancel the job there');
}
