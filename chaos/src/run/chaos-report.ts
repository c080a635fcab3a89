/** What a chaos run has shown: figures, and promises that were not kept. Pure. */
import { percentile } from '@astrolabe/testkit';
import { heldBy, type Held } from '../oracle/checks/leaks.ts';
import type { Figures, FreshnessSample, Judgement, ReplayFigures, Violation } from '../oracle/violation.ts';
import { describeDisturbance, type Disturbance } from '../schedule/disturbance.ts';
import {
  createUpgradeReport,
  upgradeFaults,
  upgradeLines,
  type UpgradeReport,
  type UpgradeTitles,
} from '../upgrade/upgrade-report.ts';
import type { AppliedDisturbance, RunRecord } from './run-schedule.ts';

export interface Percentiles {
  readonly commands: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface DisturbanceReport {
  readonly what: string;
  readonly outcome: 'done' | 'skipped';
  readonly reason?: string;
  /** From its healing until everything that was received before was delivered. Others that overlap it count in. */
  readonly recoveryMs: number;
}

/** All disturbances of a kind. */
export interface KindReport {
  readonly done: number;
  readonly skipped: number;
  /** Of those that were done. */
  readonly recoveryP50Ms: number;
  readonly recoveryMaxMs: number;
}

export interface LifeReport {
  readonly instance: string;
  readonly life: number;
  readonly end: string;
  /** Undefined where the life was too short to tell a leak. */
  readonly held: Held | undefined;
}

export interface ChaosReport {
  readonly seed: number;
  readonly minutes: number;
  readonly events: number;
  readonly figures: Figures;
  /** Attempts of senders by status; 0 where there was no answer. */
  readonly attemptsByStatus: Readonly<Record<string, number>>;
  readonly disturbances: readonly DisturbanceReport[];
  /** The same by kind; of faults of the API and of links, by what they are. */
  readonly disturbancesByKind: Readonly<Record<string, KindReport>>;
  /** From the receipt of an event to its effect; healthy: no disturbance or its recovery touched that time. */
  readonly freshness: { readonly healthy: Percentiles; readonly disturbed: Percentiles };
  /** From the last acknowledgement or healing to the last commit. */
  readonly drainMs: number;
  readonly ledgerDisk: string;
  readonly brokerCrashes: readonly string[];
  readonly lives: readonly LifeReport[];
  /** Undefined in a run with one revision. */
  readonly upgrade: UpgradeReport | undefined;
  readonly violationCounts: Judgement['violationCounts'];
  readonly violations: readonly Violation[];
}

export interface ReportInput {
  readonly seed: number;
  readonly minutes: number;
  readonly events: number;
  readonly record: RunRecord;
  readonly judgement: Judgement;
  /** What the revisions of a run that upgrades are called. */
  readonly titles: UpgradeTitles | undefined;
}

export function createReport({ seed, minutes, events, record, judgement, titles }: ReportInput): ChaosReport {
  const { disturbances, senders, observed } = record;
  const { freshness } = judgement;
  // A replay is not to be felt.
  const disturbing = disturbances.filter(({ disturbance }) => disturbance.kind !== 'replay');
  const windows = disturbing.map((applied) => ({
    fromMs: applied.startedAtMs,
    toMs: applied.healedAtMs + recoveryMsOf(applied, freshness),
  }));
  const isDisturbed = ({ atMs, freshnessMs }: FreshnessSample): boolean =>
    windows.some(({ fromMs, toMs }) => atMs >= fromMs && atMs - freshnessMs <= toMs);
  return {
    seed,
    minutes,
    events,
    figures: judgement.figures,
    attemptsByStatus: Object.fromEntries([...senders.attempts].sort(([a], [b]) => a - b)),
    disturbances: disturbances.map((applied) => ({
      what: describeDisturbance(applied.disturbance),
      outcome: applied.end.kind,
      ...(applied.end.kind === 'skipped' ? { reason: applied.end.reason } : {}),
      recoveryMs: recoveryMsOf(applied, freshness),
    })),
    disturbancesByKind: byKind(disturbances, freshness),
    freshness: {
      healthy: percentilesOf(freshness.filter((sample) => !isDisturbed(sample))),
      disturbed: percentilesOf(freshness.filter(isDisturbed)),
    },
    drainMs: record.drainedAtMs - record.sentAtMs,
    ledgerDisk: record.ledgerDisk,
    brokerCrashes: record.brokerCrashes,
    lives: [...observed.lives, ...(observed.readAgain?.lives ?? [])].map((life) => ({
      instance: life.instance,
      life: life.life,
      end: life.end,
      held: heldBy(life),
    })),
    upgrade: titles && record.upgrade && createUpgradeReport({ ...record, ...record.upgrade, titles }),
    violationCounts: judgement.violationCounts,
    violations: judgement.violations,
  };
}

function byKind(
  disturbances: readonly AppliedDisturbance[],
  freshness: readonly FreshnessSample[],
): Record<string, KindReport> {
  const kinds = Map.groupBy(disturbances, ({ disturbance }) => kindOf(disturbance));
  return Object.fromEntries(
    [...kinds].sort().map(([kind, all]) => {
      const done = all.filter(({ end }) => end.kind === 'done');
      const recoveries = done.map((applied) => recoveryMsOf(applied, freshness)).sort((a, b) => a - b);
      const recoveryP50Ms = recoveries[Math.floor(recoveries.length / 2)] ?? 0;
      const skipped = all.length - done.length;
      return [kind, { done: done.length, skipped, recoveryP50Ms, recoveryMaxMs: recoveries.at(-1) ?? 0 }];
    }),
  );
}

function kindOf(disturbance: Disturbance): string {
  switch (disturbance.kind) {
    case 'kill':
    case 'freeze':
    case 'restart':
      return `${disturbance.kind} ${disturbance.target.replace(/-\d$/, '')}`;
    case 'rolling-restart':
      return `${disturbance.kind} ${disturbance.of}`;
    case 'replace':
      return `${disturbance.kind} ${disturbance.target.replace(/-\d$/, '')} by ${disturbance.by}`;
    case 'api-fault':
      return `${disturbance.kind} ${disturbance.fault}`;
    case 'replay':
      return `${disturbance.kind} ${disturbance.source}${disturbance.isForced ? ', forced' : ''}`;
    default:
      return disturbance.kind;
  }
}

function recoveryMsOf({ healedAtMs, end }: AppliedDisturbance, freshness: readonly FreshnessSample[]): number {
  if (end.kind === 'skipped') return 0;
  let lastMs = healedAtMs;
  for (const { atMs, freshnessMs } of freshness) {
    if (atMs - freshnessMs <= healedAtMs && atMs > lastMs) lastMs = atMs;
  }
  return lastMs - healedAtMs;
}

function percentilesOf(samples: readonly FreshnessSample[]): Percentiles {
  const valuesMs = samples.map(({ freshnessMs }) => freshnessMs);
  if (valuesMs.length === 0) return { commands: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 };
  const at = (share: number): number => percentile(valuesMs, share);
  return { commands: valuesMs.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

export interface ShortestFailure {
  readonly schedule: readonly Disturbance[];
  readonly runs: number;
  readonly isMinimal: boolean;
}

/** For people. */
export function renderReport(report: ChaosReport, shortest?: ShortestFailure): string {
  const { figures, freshness, disturbances } = report;
  const crashed = report.lives
    .filter(({ end }) => end === 'crashed')
    .map(({ instance, life }) => `${instance}#${life}`);
  const lines = [
    `seed ${report.seed}, ${report.minutes} minutes, ${report.events} events`,
    '',
    `calls      ${entries(figures.calls)}; attempts by status ${entries(report.attemptsByStatus)}`,
    `events     ${figures.acknowledgedEvents} acknowledged, ${figures.eventRecords} records: ${entries(figures.outcomes)}`,
    `commands   ${figures.commandRecords} records, ${figures.executedCommands} executed, ${figures.replayedCalls} calls answered from memory`,
    `replays    ${replaysText(figures)}`,
    `again      ${readAgainText(figures)}`,
    `dead       ${entries(figures.deadLetters)}`,
    `freshness  healthy ${percentiles(freshness.healthy)}`,
    `           disturbed ${percentiles(freshness.disturbed)}`,
    `processes  ${report.lives.length} lives, crashed: ${crashed.join(' ') || 'none'}`,
    `brokers    ${report.brokerCrashes.length} ended by themselves and were started again`,
    ...report.brokerCrashes.map((crash) => `           ${crash.split(/[;\n]/, 1)[0] ?? ''}`),
    ...leakLines(report),
    `drained    ${report.drainMs} ms after the last call and the last healing`,
    `ledger     on a disk of its own: ${report.ledgerDisk}`,
    ...(report.upgrade === undefined ? [] : upgradeLines(report.upgrade)),
    '',
    ...replayLines(figures),
    'disturbances by kind, and the time from healing until all that came before was delivered: median and longest',
    ...Object.entries(report.disturbancesByKind).map(
      ([kind, { done, skipped, recoveryP50Ms, recoveryMaxMs }]) =>
        `  ${kind}: ${done}${skipped > 0 ? ` and ${skipped} skipped` : ''}, ${recoveryP50Ms} ms, ${recoveryMaxMs} ms`,
    ),
    '',
    'each of them',
    ...disturbances.map(
      ({ what, outcome, reason, recoveryMs }) =>
        `  ${what}${outcome === 'skipped' ? `: skipped, ${reason ?? ''}` : `: ${recoveryMs} ms`}`,
    ),
    '',
  ];
  if (report.violations.length === 0) {
    const hasFailed = report.upgrade !== undefined && upgradeFaults(report.upgrade).length > 0;
    lines.push(hasFailed ? 'every promise was kept, but the upgrade failed: see above' : 'every promise was kept');
    return lines.join('\n');
  }
  lines.push(`violations ${entries(report.violationCounts)}`);
  for (const { invariant, subject, detail, trail } of report.violations) {
    lines.push(`  ${invariant}: ${subject}: ${detail}`, ...trail.map((line) => `      ${line}`));
  }
  lines.push('', `again: ${commandOf(report)}`);
  if (shortest !== undefined) {
    const how = shortest.isMinimal
      ? 'none of these can be left out'
      : 'the time ran out before a shorter one was found';
    lines.push(
      `shortest schedule that fails, after ${shortest.runs} more runs (${how}):`,
      ...shortest.schedule.map((disturbance) => `  ${describeDisturbance(disturbance)}`),
    );
    if (shortest.schedule.length === 0) lines.push('  none: it fails undisturbed');
  }
  return lines.join('\n');
}

function commandOf({ seed, minutes, events, upgrade }: ChaosReport): string {
  const from = upgrade === undefined ? '' : ` --upgrade-from ${upgrade.asked}`;
  return `npm run chaos -- --seed ${seed} --minutes ${minutes} --events ${events}${from}`;
}

/** What each life held that was long enough to tell. */
function leakLines({ lives, violationCounts }: ChaosReport): string[] {
  const judged = lives.flatMap(({ instance, life, held }) => (held === undefined ? [] : [{ instance, life, held }]));
  const megabytes = (bytes: readonly number[]): string => bytes.map((each) => Math.round(each / 1_048_576)).join(' ');
  const verdict =
    judged.length === 0 ? 'not judged, no life was long enough' : `${violationCounts['no-leak'] ?? 0} found`;
  return [
    `leaks      ${verdict}; ${judged.length} of ${lives.length} lives were long enough to tell`,
    ...judged.map(
      ({ instance, life, held }) =>
        `           ${instance}#${life}, least of each third: heap ${megabytes(held.heapBytes)} MB, resident ${megabytes(held.residentBytes)} MB, descriptors ${held.openDescriptors.join(' ')}, handles ${held.activeHandles.join(' ')}`,
    ),
  ];
}

function replaysText({ replays }: Figures): string {
  if (replays.length === 0) return 'none';
  const sum = (of: (replay: ReplayFigures) => number): number => replays.reduce((total, each) => total + of(each), 0);
  const phases = Map.groupBy(replays, ({ phase }) => phase);
  const ended = entries(Object.fromEntries([...phases].map(([phase, { length }]) => [phase, length])));
  return `${replays.length}: ${ended}; ${sum(({ read }) => read)} records read again, ${sum(({ delivered }) => delivered)} commands called for`;
}

function replayLines({ replays }: Figures): string[] {
  if (replays.length === 0) return [];
  return [
    'replays',
    ...replays.map(({ id, source, isForced, phase, read, matched, made, ...ends }) => {
      const { delivered, knownToLedger, dropped } = ends;
      const commands = source === 'events' ? `, ${made} commands made` : '';
      return `  ${id} of ${source}${isForced ? ', forced' : ''}: ${phase}, ${read} read, ${matched} matching${commands}, ${delivered} called for, ${knownToLedger} known, ${dropped} dropped`;
    }),
    '',
  ];
}

function readAgainText({ readAgain }: Figures): string {
  if (readAgain === undefined) return 'the command topic was not read again';
  return `${readAgain.commands} commands were read again at the end, and ${readAgain.calls} calls made for them`;
}

function entries(counts: Readonly<Record<string, number | undefined>>): string {
  const texts = Object.entries(counts).map(([name, count]) => `${name} ${count ?? 0}`);
  return texts.join(', ') || 'none';
}

function percentiles({ commands, p50Ms, p99Ms, maxMs }: Percentiles): string {
  return `p50 ${p50Ms} ms, p99 ${p99Ms} ms, at most ${maxMs} ms (${commands} commands)`;
}
