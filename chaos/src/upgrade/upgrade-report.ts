/** Which instance ran which revision when, and for how long both were there. Pure. */
import { services, type DisturbedService, type Side } from '../schedule/disturbance.ts';
import { isOfDisturbance } from './last-fault.ts';
import type { LifeSpan } from './life-span.ts';
import { sideBySideMs } from './side-by-side.ts';

export interface UpgradeTitles {
  /** As a revision was asked for; a later run takes it again. */
  readonly asked: string;
  readonly old: string;
  readonly new: string;
}

/** All times are milliseconds since the first event was sent; the first lives begin before it. */
export interface UpgradeReport extends UpgradeTitles {
  /** When topics and schemas of the new revision were declared. Undefined: nothing was replaced. */
  readonly contractsAtMs: number | undefined;
  /** For how long instances of both revisions had partitions, or, of ingest, served. */
  readonly sideBySideMs: Readonly<Record<DisturbedService, number>>;
  readonly instances: readonly InstanceReport[];
  /**
   * What did not serve in the revision that it was given, and what ended by itself of a cause that no disturbance has.
   */
  readonly failures: readonly string[];
}

export interface InstanceReport {
  readonly instance: string;
  readonly lives: readonly LifeTimes[];
}

export interface LifeTimes extends Pick<LifeSpan, 'life' | 'end'> {
  readonly side: Side;
  readonly fromMs: number;
  /** Undefined where it never had partitions, or never served. */
  readonly workedFromMs: number | undefined;
  /** Undefined for one that ran until the run was over. */
  readonly toMs: number | undefined;
}

export interface UpgradeInput {
  readonly titles: UpgradeTitles;
  readonly spans: readonly LifeSpan[];
  readonly contractsAtMs: number | undefined;
  readonly failures: readonly string[];
  /** When the first event was sent, and when everything was delivered, epoch milliseconds. */
  readonly startedAtMs: number;
  readonly drainedAtMs: number;
}

export function createUpgradeReport(input: UpgradeInput): UpgradeReport {
  const { titles, spans, contractsAtMs, failures, startedAtMs, drainedAtMs } = input;
  const since = (atMs: number | undefined): number | undefined => (atMs === undefined ? undefined : atMs - startedAtMs);
  const together = services.map((service) => {
    const own = spans.filter((span) => span.service === service);
    return [service, sideBySideMs(own, drainedAtMs)] as const;
  });
  return {
    ...titles,
    contractsAtMs: since(contractsAtMs),
    sideBySideMs: Object.fromEntries(together) as Record<DisturbedService, number>,
    instances: [...Map.groupBy(spans, ({ instance }) => instance)].map(([instance, own]) => ({
      instance,
      lives: own.map(({ life, end, side, beganAtMs, workedFromMs, endedAtMs }) => ({
        life,
        end,
        side,
        fromMs: beganAtMs - startedAtMs,
        workedFromMs: since(workedFromMs),
        toMs: since(endedAtMs),
      })),
    })),
    failures: [...failures, ...spans.flatMap(unexpectedEnd)],
  };
}

function unexpectedEnd({ instance, life, side, fault }: LifeSpan): readonly string[] {
  if (fault === undefined || isOfDisturbance(fault)) return [];
  const cause = [fault.code, fault.message].filter((part) => part !== undefined).join(': ');
  return [`${instance} #${life} of the ${side} revision ended by itself: ${cause}`];
}

/** Why the run says nothing about the upgrade, or that it does not work; none where it works. */
export function upgradeFaults({ sideBySideMs: together, failures }: UpgradeReport): readonly string[] {
  const apart = services.filter((service) => together[service] === 0);
  return [
    ...failures,
    ...apart.map(
      (service) =>
        `${service}: the two revisions were never seen working at the same time, so nothing is known of that; give the run more --minutes`,
    ),
  ];
}

/** For people. */
export function upgradeLines(report: UpgradeReport): readonly string[] {
  const together = services.map((service) => `${service} ${seconds(report.sideBySideMs[service])}`);
  const { contractsAtMs } = report;
  const contracts = contractsAtMs === undefined ? 'never declared' : `declared at ${seconds(contractsAtMs)}`;
  return [
    `upgrade    from ${report.old} to ${report.new}`,
    `           topics and schemas of the new revision ${contracts}`,
    `           both worked side by side: ${together.join(', ')}`,
    ...report.instances.map(({ instance, lives }) => `           ${instance}: ${lives.map(lifeText).join(', ')}`),
    ...upgradeFaults(report).map((fault) => `           FAILED ${fault}`),
  ];
}

function lifeText({ life, side, fromMs, workedFromMs, toMs, end }: LifeTimes): string {
  const to = toMs === undefined ? 'the end' : seconds(toMs);
  const how = end === 'crashed' ? ', crashed' : end === 'killed' ? ', killed' : '';
  const work = workedFromMs === undefined ? ', never worked' : '';
  return `${side} #${life} from ${seconds(fromMs)} to ${to}${work}${how}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
