/** A job as the API tells it. Pure. */
import type { JobView } from '@astrolabe/operations';
import type { JobAnswer } from '../shapes.ts';

export function toJobAnswer({
  id,
  action,
  about,
  caller,
  begunAtMs,
  phase,
  reason,
  progress,
  end,
}: JobView): JobAnswer {
  const message = end?.result.message ?? reason;
  return {
    id,
    action,
    state: phase,
    about,
    who: caller.name,
    from: caller.from,
    begunAt: new Date(begunAtMs).toISOString(),
    ...(end !== undefined && { endedAt: new Date(end.atMs).toISOString() }),
    ...(progress !== undefined && {
      progress: { done: progress.done, ...(progress.total !== undefined && { total: progress.total }) },
    }),
    ...(message !== undefined && { message }),
    ...(end?.result.counts !== undefined && { counts: { ...end.result.counts } }),
  };
}
