/** Flags of a replay → what is asked for, and the commands that are printed for an operator to type. */
import { offsetsText, type ReplayRequest, type ReplaySource } from '@astrolabe/operations';
import type { ChangeFlags, CommonFlags, RangeFlags } from '../flags.ts';

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
  readonly detach?: boolean;
  readonly rate?: number;
  readonly timeout?: number;
}

export interface StatusFlags extends CommonFlags {
  readonly follow?: boolean;
  readonly timeout?: number;
}

export interface ControlFlags extends CommonFlags {
  readonly timeout: number;
}

export interface ResumeFlags extends CommonFlags {
  /** `none`: lifts the cap. */
  readonly rate?: number | 'none';
}

/** A range is left out by one who asks for a replay that was started before. */
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

/** Starts a replay of these offsets with the filters of another. */
export function startLine(request: ReplayRequest, offsets: string): string {
  const { source, connector, user, account, type, event, force, includeReplayed } = request;
  const given = (flag: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`${flag} ${quoted(value)}`];
  return [
    `astrolabe replay ${source} --offsets ${offsets}`,
    ...(connector === undefined ? [] : [`--connector ${connector.map(quoted).join(' ')}`]),
    ...given('--user', user),
    ...given('--account', account),
    ...given('--type', type),
    ...given('--event', event),
    ...(includeReplayed === true ? ['--include-replayed'] : []),
    force === true ? '--force --yes' : '--execute',
  ].join(' ');
}

/** As a shell reads it as one word. */
function quoted(value: string): string {
  return /^[\w.:@/+-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

export const noReplayLine = (id: string): string =>
  `No replay has the id ${id}. "astrolabe replay list" shows all that there are.`;
export const followLine = (id: string): string => `astrolabe replay status ${id} --follow`;
export const cancelLine = (id: string): string => `astrolabe replay cancel ${id}`;
export const resumeLine = (id: string): string => `astrolabe replay resume ${id}`;
