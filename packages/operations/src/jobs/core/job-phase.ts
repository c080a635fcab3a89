/** What a job is at, and which states may follow which. Pure. */

export type JobPhase =
  /** Recorded, and not under way here: it has its turn later, is tried again later, or another console is at it. */
  | 'waiting'
  | 'running'
  /** Somebody has asked for its end; what is under way is finished first. */
  | 'cancelling'
  | 'done'
  | 'cancelled'
  | 'failed';

/** A console that starts finds jobs that another one has ended meanwhile: those end from any state. */
const transitions: Readonly<Record<JobPhase, readonly JobPhase[]>> = {
  waiting: ['running', 'cancelling', 'done', 'cancelled', 'failed'],
  running: ['waiting', 'cancelling', 'done', 'cancelled', 'failed'],
  cancelling: ['done', 'cancelled', 'failed'],
  done: [],
  cancelled: [],
  failed: [],
};

export function isJobOver(phase: JobPhase): boolean {
  return transitions[phase].length === 0;
}

/** Throws on what may not follow: a job that is over stays so. */
export function movedTo(from: JobPhase, to: JobPhase): JobPhase {
  if (from === to || transitions[from].includes(to)) return to;
  throw new Error(`a job that is ${from} cannot be ${to}`);
}
