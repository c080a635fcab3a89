/** What the bench of replays reports: medians over the rounds, and which goals are met. Pure. */
import { present } from '@astrolabe/service-kit/errors';
import { formatTable } from '@astrolabe/service-kit/terminal';
import { median } from '@astrolabe/testkit';
import { round, summarise, toCell, type CaseSummary, type ComparedCase } from '../comparison.ts';
import { summariseSide, toCostTables, type SideSummary } from '../pipeline/pipeline-report.ts';
import { goalsOf, type Goal } from './goals.ts';
import type { ReplaySample } from './replay-sample.ts';

export interface ReplaySideSummary extends SideSummary {
  readonly livePerSecond: number;
  readonly gaveWayMs: number;
}

export interface ReplayCaseSummary extends CaseSummary {
  readonly goals: readonly Goal[];
  readonly oursInFull: ReplaySideSummary;
  readonly baselineInFull: ReplaySideSummary;
}

export function summariseReplays(cases: readonly ComparedCase<ReplaySample>[]): ReplayCaseSummary[] {
  const summaries = cases.map(summarise);
  return cases.map(({ ours, baseline }, place) => {
    const summary = present(summaries[place], 'the summary of a case');
    return {
      ...summary,
      goals: goalsOf(summary, summaries),
      oursInFull: summariseReplaySide(ours),
      baselineInFull: summariseReplaySide(baseline),
    };
  });
}

function summariseReplaySide(samples: readonly ReplaySample[]): ReplaySideSummary {
  return {
    ...summariseSide(samples),
    livePerSecond: round(median(samples.map(({ livePerSecond }) => livePerSecond)), 0),
    gaveWayMs: round(median(samples.map(({ gaveWayMs }) => gaveWayMs)), 0),
  };
}

/** Tables of what was measured, of the goals, and of what each process costs. */
export function toReplayTables(summaries: readonly ReplayCaseSummary[]): string[] {
  const rows = summaries.flatMap(({ case: name, oursInFull, baselineInFull }) => {
    // Of its own case it is the baseline too.
    const isAlone = oursInFull.eventsPerSecond === baselineInFull.eventsPerSecond;
    const other = name.startsWith('idle-') ? 'first time' : name.startsWith('share-') ? 'no live events' : 'no replay';
    const sides = [{ name, side: 'replay', summary: oursInFull }];
    return isAlone ? sides : [...sides, { name: '', side: other, summary: baselineInFull }];
  });
  const outcome = formatTable(
    ['case', 'side', 'records/s', 'seconds', 'live events/s', 'live p50 ms', 'p99 ms', 'p99.9 ms', 'gave way s'],
    rows.map(({ name, side, summary }) => [
      name,
      side,
      countCell(summary.eventsPerSecond),
      toCell(summary.seconds),
      countCell(summary.livePerSecond),
      toCell(summary.p50Ms),
      toCell(summary.p99Ms),
      toCell(summary.p999Ms),
      toCell(summary.gaveWayMs / 1_000),
    ]),
    { rightFrom: 2, ruled: true },
  );
  const goals = formatTable(
    ['case', 'goal', 'limit', 'reached', 'met'],
    summaries.flatMap(({ case: name, goals: ofCase }) =>
      ofCase.map(({ goal, limit, reached, isMet }, place) => [
        place === 0 ? name : '',
        goal,
        goalCell(limit),
        goalCell(reached),
        isMet ? 'yes' : 'NO',
      ]),
    ),
    { rightFrom: 2, ruled: true },
  );
  return [...outcome, '', ...goals, ...toCostTables(rows)];
}

const LARGE = 1_000;

function goalCell(value: number): string {
  return value < LARGE ? toCell(value, 2) : countCell(value);
}

function countCell(count: number): string {
  return Number.isNaN(count) ? '-' : Math.round(count).toLocaleString('en');
}
