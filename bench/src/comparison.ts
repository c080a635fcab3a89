/** What every bench reports: cases in which ours and a baseline were measured in turn. */
import { formatTable } from '@astrolabe/service-kit/terminal';
import { median } from '@astrolabe/testkit';

/** One measurement of one side. */
export interface Sample {
  readonly perSecond: number;
  /** Latency; NaN where none is measured. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The longest, where it is what a case is about. */
  readonly maxMs?: number;
  /** Resident memory of the measured process after it. */
  readonly rssMb: number;
  /**
   * Of the measured process. Tells more than the rate on a machine that does other things too. NaN where the system
   * does not tell it.
   */
  readonly cpuUsPerUnit: number;
  /** Where it is measured: from the start of the process until each partition has put something through. */
  readonly start?: StartTimes;
}

export interface StartTimes {
  /** With nothing on the process's own disk. */
  readonly coldMs: number;
  /** With what it left there. */
  readonly warmMs: number;
}

export interface ComparedCase<S extends Sample = Sample> {
  readonly case: string;
  readonly unit: string;
  /** In the order of the rounds; as many as in `baseline`. */
  readonly ours: readonly S[];
  readonly baseline: readonly S[];
  /** What the ratio is of: the rate, where nothing else is said. */
  readonly compared?: Compared;
}

export type Compared = 'perSecond' | 'p99Ms';

/**
 * Medians over the rounds; memory is the largest that was seen. Latency and memory are those of ours, where nothing
 * else is said.
 */
export interface CaseSummary {
  readonly case: string;
  readonly ours: number;
  readonly baseline: number;
  readonly ratio: number;
  readonly unit: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssMb: number;
  readonly baselineP50Ms: number;
  readonly baselineP99Ms: number;
  /** Only where starts are measured. */
  readonly starts?: { readonly ours: StartTimes; readonly baseline: StartTimes; readonly baselineRssMb: number };
  /** Where it is what the case is about. */
  readonly maxMs?: number;
}

/**
 * The ratio is the median of the rounds' own ratios: the two measurements of a round share what else the machine was
 * doing, those of different rounds do not.
 */
export function summarise({ case: name, unit, ours, baseline, compared = 'perSecond' }: ComparedCase): CaseSummary {
  const ratios = ours.map((sample, round) => sample[compared] / (baseline[round]?.[compared] ?? Number.NaN));
  return {
    case: name,
    ours: Math.round(median(ours.map(({ perSecond }) => perSecond))),
    baseline: Math.round(median(baseline.map(({ perSecond }) => perSecond))),
    ratio: round(median(ratios), 3),
    unit,
    p50Ms: round(median(ours.map(({ p50Ms }) => p50Ms)), 2),
    p99Ms: round(median(ours.map(({ p99Ms }) => p99Ms)), 2),
    rssMb: Math.round(Math.max(...ours.map(({ rssMb }) => rssMb))),
    baselineP50Ms: round(median(baseline.map(({ p50Ms }) => p50Ms)), 2),
    baselineP99Ms: round(median(baseline.map(({ p99Ms }) => p99Ms)), 2),
    ...startsOf(ours, baseline),
    ...longestOf(ours),
  };
}

function startsOf(ours: readonly Sample[], baseline: readonly Sample[]): Pick<CaseSummary, 'starts'> {
  const [own, other] = [medianStart(ours), medianStart(baseline)];
  if (own === undefined || other === undefined) return {};
  const baselineRssMb = Math.round(Math.max(...baseline.map(({ rssMb }) => rssMb)));
  return { starts: { ours: own, baseline: other, baselineRssMb } };
}

function medianStart(samples: readonly Sample[]): StartTimes | undefined {
  const starts = samples.flatMap(({ start }) => start ?? []);
  if (starts.length === 0) return undefined;
  return {
    coldMs: Math.round(median(starts.map(({ coldMs }) => coldMs))),
    warmMs: Math.round(median(starts.map(({ warmMs }) => warmMs))),
  };
}

function longestOf(samples: readonly Sample[]): { readonly maxMs?: number } {
  const longest = samples.map(({ maxMs }) => maxMs).filter((maxMs) => maxMs !== undefined);
  return longest.length === 0 ? {} : { maxMs: Math.round(median(longest)) };
}

/** The one line of `--json`. What is NaN becomes null. */
export function toJsonLine(bench: string, cases: readonly object[]): string {
  return JSON.stringify({ bench, cases });
}

/** A table for people: headings, a rule, one line for each case. */
export function toTable(cases: readonly CaseSummary[]): string[] {
  const showsLongest = cases.some(({ maxMs }) => maxMs !== undefined);
  const longest = <T>(cell: T): T[] => (showsLongest ? [cell] : []);
  const headings = [
    ...['case', 'unit', 'ours', 'baseline', 'ratio', 'p50 ms', 'p99 ms'],
    ...longest('max ms'),
    ...['baseline p50', 'p99', 'rss MB'],
  ];
  const rows = cases.map((each) => [
    each.case,
    each.unit,
    each.ours.toLocaleString('en'),
    each.baseline.toLocaleString('en'),
    each.ratio.toFixed(2),
    toCell(each.p50Ms),
    toCell(each.p99Ms),
    ...longest(toCell(each.maxMs ?? Number.NaN)),
    toCell(each.baselineP50Ms),
    toCell(each.baselineP99Ms),
    String(each.rssMb),
  ]);
  return formatTable(headings, rows, { rightFrom: 2, ruled: true });
}

/** Memory and starts of both sides; no lines where no case has measured them. */
export function toStartsTable(cases: readonly CaseSummary[]): string[] {
  const rows = cases.flatMap(({ case: name, rssMb, starts }) => {
    if (starts === undefined) return [];
    const { ours, baseline, baselineRssMb } = starts;
    const seconds = [ours.coldMs, baseline.coldMs, ours.warmMs, baseline.warmMs].map((ms) => (ms / 1_000).toFixed(1));
    return [[name, String(rssMb), String(baselineRssMb), ...seconds]];
  });
  if (rows.length === 0) return [];
  const headings = ['case', 'rss MB', 'baseline', 'cold start s', 'baseline', 'warm start s', 'baseline'];
  return ['', ...formatTable(headings, rows, { rightFrom: 1, ruled: true })];
}

/** A dash for what is not measured. */
export function toCell(value: number, digits = 1): string {
  return Number.isNaN(value) ? '-' : value.toFixed(digits);
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
