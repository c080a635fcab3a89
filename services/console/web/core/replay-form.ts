/** What is entered for a replay → the request, or what is wrong with it by field; and the steps of the form. Pure. */
import { parsePeriod } from './times.ts';

export const REPLAY_STEPS = ['source', 'range', 'filters', 'forecast'] as const;
export type ReplayStep = (typeof REPLAY_STEPS)[number];

/** As its fields hold it. It lives in the address, so that a plan can be handed to somebody else. */
export interface ReplayForm {
  readonly source: string;
  readonly range: string;
  /** Of `last`: `2h`. */
  readonly period: string;
  /** Of `times`: ISO 8601. */
  readonly from: string;
  readonly to: string;
  /** Of `offsets`: `0:100-200,3:50-`. */
  readonly offsets: string;
  readonly connector: string;
  readonly user: string;
  readonly account: string;
  readonly type: string;
  readonly event: string;
  readonly rate: string;
  readonly force: string;
}

export type FieldProblems = Readonly<Partial<Record<keyof ReplayForm, string>>>;

export function readReplayForm(query: Readonly<Record<string, string>>): ReplayForm {
  const text = (name: keyof ReplayForm): string => query[name] ?? '';
  return {
    source: text('source'),
    range: query['range'] ?? 'last',
    period: query['period'] ?? '1h',
    from: text('from'),
    to: text('to'),
    offsets: text('offsets'),
    connector: text('connector'),
    user: text('user'),
    account: text('account'),
    type: text('type'),
    event: text('event'),
    rate: text('rate'),
    force: text('force'),
  };
}

/** One range or several, each `partition:first-last`, with an end that is left out for an open one. */
const OFFSETS = /^\d{1,9}:\d{1,18}(-\d{0,18})?(,\d{1,9}:\d{1,18}(-\d{0,18})?)*$/;

/** Of this step alone; empty where it may be left for the next one. */
export function problemsOf(step: ReplayStep, form: ReplayForm): FieldProblems {
  switch (step) {
    case 'source':
      return form.source === 'events' || form.source === 'commands' ? {} : { source: 'Choose what is to be replayed.' };
    case 'range':
      return problemsOfRange(form);
    case 'filters':
      return form.rate === '' || isRate(form.rate) ? {} : { rate: 'A whole number of records a second, 1 or more.' };
    case 'forecast':
      return {};
  }
}

function problemsOfRange({ range, period, from, to, offsets }: ReplayForm): FieldProblems {
  switch (range) {
    case 'all':
      return {};
    case 'last':
      return parsePeriod(period) === undefined
        ? { period: 'A number with s, m, h or d behind it, such as 90m or 7d.' }
        : {};
    case 'times':
      if (from === '') return { from: 'From when on?' };
      return to !== '' && Date.parse(to) <= Date.parse(from) ? { to: 'It has to be later than the beginning.' } : {};
    case 'offsets':
      return OFFSETS.test(offsets)
        ? {}
        : { offsets: 'partition:first-last, several separated by commas: 0:100-200,3:50-' };
    default:
      return { range: 'Choose which part of the topic is to be replayed.' };
  }
}

function isRate(text: string): boolean {
  return /^[1-9]\d{0,8}$/.test(text);
}

/** The first step that is not in order; the forecast where all are. */
export function furthestStep(form: ReplayForm): ReplayStep {
  return REPLAY_STEPS.find((step) => Object.keys(problemsOf(step, form)).length > 0) ?? 'forecast';
}

export interface WantedReplay {
  readonly source: 'events' | 'commands';
  readonly range:
    | { readonly kind: 'all' }
    | { readonly kind: 'times'; readonly from: string; readonly to?: string }
    | { readonly kind: 'offsets'; readonly offsets: string };
  readonly connector: string;
  readonly user: string;
  readonly account: string;
  readonly type: string;
  readonly event: string;
  readonly force: boolean;
  readonly recordsPerSecond: number | undefined;
}

/** Of a form whose steps are all in order. `nowMs`: what `last` counts back from. */
export function toReplayRequest(form: ReplayForm, nowMs: number): WantedReplay {
  const { connector, user, account, type, event, rate, force } = form;
  return {
    source: form.source === 'commands' ? 'commands' : 'events',
    range: rangeOf(form, nowMs),
    connector,
    user,
    account,
    type,
    event,
    force: force === 'yes',
    recordsPerSecond: rate === '' ? undefined : Number(rate),
  };
}

function rangeOf({ range, period, from, to, offsets }: ReplayForm, nowMs: number): WantedReplay['range'] {
  if (range === 'offsets') return { kind: 'offsets', offsets };
  if (range === 'times') return { kind: 'times', from, ...(to !== '' && { to }) };
  const periodMs = range === 'last' ? parsePeriod(period) : undefined;
  return periodMs === undefined ? { kind: 'all' } : { kind: 'times', from: new Date(nowMs - periodMs).toISOString() };
}
