/** A run from its seed to its report: traffic and schedule are drawn, the run is made, the oracle judges. */
import { join } from 'node:path';
import type { SystemOptions } from '../cluster/system.ts';
import { createOracle } from '../oracle/create-oracle.ts';
import type { Invariant } from '../oracle/violation.ts';
import { describeDisturbance, type Disturbance } from '../schedule/disturbance.ts';
import { drawReplacements } from '../schedule/draw-replacements.ts';
import { drawSchedule } from '../schedule/draw-schedule.ts';
import { shrinkSchedule } from '../schedule/shrink-schedule.ts';
import { createTraffic } from '../traffic/create-traffic.ts';
import { trafficConnectors } from '../traffic/traffic-connector.ts';
import type { UpgradeTitles } from '../upgrade/upgrade-report.ts';
import { createReport, type ChaosReport, type ShortestFailure } from './chaos-report.ts';
import { runSchedule } from './run-schedule.ts';

export interface ChaosOptions extends Omit<SystemOptions, 'connectors' | 'upgradeFrom'> {
  readonly minutes: number;
  readonly events: number;
  /** Default: drawn from the seed. */
  readonly schedule?: readonly Disturbance[];
  readonly drainTimeoutMs?: number;
  /**
   * Whether the command topic is read again at the end, to see whether what was delivered is remembered. Default true.
   */
  readonly readsAgain?: boolean;
  /** Causes of dead letters of commands that the schedule can have; none by default. */
  readonly possibleDeadLetterCodes?: readonly string[];
  /**
   * Another revision, with whose services the run begins, and the root of its tree: among the disturbances they are
   * replaced by ours, and back. Default: the run has one revision.
   */
  readonly upgrade?: { readonly folder: URL; readonly titles: UpgradeTitles };
  readonly onProgress: (line: string) => void;
}

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, minutes, events, readsAgain = true, possibleDeadLetterCodes = [], upgrade } = options;
  const connectors = trafficConnectors;
  const oracle = createOracle(connectors, { possibleDeadLetterCodes });
  const record = await runSchedule({
    ...options,
    ...(upgrade === undefined ? {} : { upgradeFrom: upgrade.folder }),
    readsAgain,
    connectors,
    schedule: scheduleOf(options),
    calls: [...createTraffic({ seed, events, connectors, startMs: Date.now() })],
    onCallEnd: (call, end) => oracle.ended(call, end),
    describe: describeDisturbance,
  });
  const judgement = oracle.judge(record.observed);
  return createReport({ seed, minutes, events, record, judgement, titles: upgrade?.titles });
}

function scheduleOf({ seed, minutes, schedule, upgrade }: ChaosOptions): readonly Disturbance[] {
  if (schedule !== undefined) return schedule;
  const drawn = drawSchedule({ seed, minutes, connectors: trafficConnectors.length });
  if (upgrade === undefined) return drawn;
  return [...drawn, ...drawReplacements({ seed, minutes })].sort((a, b) => a.atMs - b.atMs);
}

/**
 * Runs again with parts of the schedule, for `forMs` at most and one run more: the shortest part under which one of the
 * same promises is broken.
 */
export async function findShortestFailure(
  options: ChaosOptions,
  failed: ChaosReport,
  forMs: number,
): Promise<ShortestFailure> {
  const broken = Object.keys(failed.violationCounts) as Invariant[];
  const endMs = Date.now() + forMs;
  let run = 0;
  const { shortest, runs, isMinimal } = await shrinkSchedule(
    scheduleOf(options),
    async (schedule) => {
      options.onProgress(`again with ${schedule.length} disturbances`);
      run += 1;
      const { violationCounts } = await runChaos({ ...options, ...logsOf(options, run), schedule });
      return broken.some((invariant) => (violationCounts[invariant] ?? 0) > 0);
    },
    () => Date.now() < endMs,
  );
  return { schedule: shortest, runs, isMinimal };
}

/** Beside those of the run that failed, which tell of what happened then. */
function logsOf({ logDirectory }: ChaosOptions, run: number): Pick<ChaosOptions, 'logDirectory'> {
  return logDirectory === undefined ? {} : { logDirectory: join(logDirectory, `again-${run}`) };
}
