/** Follows a replay on the screen. Ctrl-C ends the following, not the replay. */
import {
  followReplay,
  type Cluster,
  type FollowedReplay,
  type ReplayPhase,
  type ReplaySummary,
} from '@astrolabe/operations';
import { formatDuration } from '@astrolabe/operations/quantities';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { CommandContext } from '../command-context.ts';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.ts';
import { cancelLine, followLine, noReplayLine, resumeLine } from './replay-flags.ts';
import { describeReport } from './replay-lines.ts';

export interface FollowFlags {
  readonly id: string;
  readonly isEnd: (phase: ReplayPhase) => boolean;
  /** Stops after this long without progress; undefined: never. */
  readonly timeoutMs: number | undefined;
}

const STALL_MS = 30_000;

export async function follow(context: CommandContext, cluster: Cluster, flags: FollowFlags): Promise<FollowedReplay> {
  const { clock, signal } = context;
  const { id, isEnd, timeoutMs } = flags;
  const progress = context.startProgress('replay', 'records');
  let first: ReplaySummary | undefined;
  return followReplay({
    cluster,
    id,
    isEnd,
    stallAfterMs: STALL_MS,
    giveUpAfterMs: timeoutMs,
    clock,
    signal,
    onEvent: (event) => {
      switch (event.kind) {
        case 'progress': {
          const { replay } = event;
          first ??= replay;
          const before = { done: first.report.read, share: first.share };
          return progress.update({ done: replay.report.read, share: replay.share, before });
        }
        case 'stalled':
          return progress.note(describeStall(event.replay, event.forMs));
        case 'moving-again':
          return progress.note('There is progress again.');
        case 'unreachable':
          return progress.note(`The brokers do not answer, and are asked again: ${errorMessage(event.error)}`);
      }
    },
  }).finally(progress.end);
}

function describeStall({ phase }: ReplaySummary, forMs: number): string {
  const what =
    phase === 'waiting'
      ? 'no service has taken the replay: are the mapper and the dispatcher running, at this version?'
      : 'no service has told progress; see "astrolabe lag" and "astrolabe doctor"';
  return `For ${formatDuration(forMs)} ${what}`;
}

/** Prints what came of the following. `isComplete`: whether all that was asked for was on the topic. */
export function printFollowed(
  { output, note }: CommandContext,
  id: string,
  followed: FollowedReplay,
  isComplete = true,
): ExitCode {
  if (followed.kind === 'unknown') throw new UsageError(noReplayLine(id));
  const { replay } = followed;
  if (replay !== undefined) output.result(replay.report, describeReport(replay.report));
  switch (followed.kind) {
    case 'interrupted':
      note(`The replay goes on. To follow it again: ${followLine(id)}. To cancel it: ${cancelLine(id)}`);
      return exitCodes.interrupted;
    case 'timed-out':
      note(
        `There was no progress for too long. The replay goes on when the services do. To follow it: ${followLine(id)}`,
      );
      return exitCodes.failed;
    case 'reached':
      return exitOf(followed.replay, note, isComplete);
  }
}

function exitOf({ id, phase, report }: ReplaySummary, note: (line: string) => void, isComplete: boolean): ExitCode {
  if (phase === 'paused') note(`It is paused. To go on: ${resumeLine(id)}`);
  if (report.expired > 0)
    note('Retention removed records of the range before they were read: a part was not replayed.');
  const isWhole = isComplete && report.expired === 0 && (report.lost ?? 0) === 0;
  return phase === 'finished' && isWhole ? exitCodes.done : exitCodes.failed;
}
