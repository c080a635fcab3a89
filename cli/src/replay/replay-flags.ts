/** Flags of a replay → what is asked for, and the command that resumes it. */
import { offsetsText, type ReplayRequest, type ReplaySource } from '@astrolabe/operations';
import type { ChangeFlags, RangeFlags } from '../flags.ts';

export interface ReplayFlags extends ChangeFlags, RangeFlags {
  readonly all?: boolean;
  readonly connector?: readonly string[];
  readonly user?: string;
  readonly account?: string;
  readonly type?: string;
  readonly event?: string;
  readonly id?: string;
  readonly force?: boolean;
  readonly includeReplayed?: boolean;
  readonly dryRun?: boolean;
  readonly rate: number;
  readonly maxOutstanding: number;
  readonly timeout: number;
}

/** Too little for live traffic on two cores to notice (docs/adr/0012). */
export const DEFAULT_RATE = 30;
export const DEFAULT_OUTSTANDING = 200;
export const DEFAULT_STALL_TIMEOUT_MS = 60_000;

export function toRequest(source: ReplaySource, flags: ReplayFlags): ReplayRequest {
  const { toDatetime, byDuration, untilDatetime, offsets, connector, user, account, type, event } = flags;
  const typed = {
    source,
    toEarliest: flags.all === true || flags.toEarliest === true ? true : undefined,
    toDatetime,
    byDuration,
    untilDatetime,
    offsets: offsets === undefined ? undefined : offsetsText(offsets),
    connector: connector?.toSorted(),
    user,
    account,
    type,
    event,
    force: flags.force,
    includeReplayed: flags.includeReplayed,
  };
  return Object.fromEntries(
    Object.entries(typed).filter(([, value]) => value !== undefined),
  ) as unknown as ReplayRequest;
}

/** What was asked for is in the replay's record; how fast is asked for each run. */
export function resumeLine(id: string, { source, force }: ReplayRequest, flags: ReplayFlags): string {
  const { rate, maxOutstanding, timeout } = flags;
  return [
    `astrolabe replay ${source} --id ${id}`,
    ...(rate === DEFAULT_RATE ? [] : [`--rate ${rate}`]),
    ...(maxOutstanding === DEFAULT_OUTSTANDING ? [] : [`--max-outstanding ${maxOutstanding}`]),
    ...(timeout === DEFAULT_STALL_TIMEOUT_MS ? [] : [`--timeout ${timeout}ms`]),
    force === true ? '--yes' : '--execute',
  ].join(' ');
}
