/** What a plan says to the person who has to agree. Pure. */
import type { JobForecast, MissingRecords, ReplayForecast, ReplayOrder } from '@astrolabe/operations';
import { formatCount, formatCounted } from '@astrolabe/operations/quantities';
import type { PlanAnswer } from '../shapes.ts';

/** Above it, the count has to be typed. The pages ask for what a plan says, and know no bound of their own. */
const MAX_UNTYPED = 100;
const NAMED = 20;

export function confirmationOf(changed: number): string | undefined {
  return changed > MAX_UNTYPED ? String(changed) : undefined;
}

export function isConfirmed(wanted: string | undefined, given: string | undefined): boolean {
  return wanted === undefined || given === wanted;
}

type DescribedPlan = Pick<PlanAnswer, 'counts' | 'notes' | 'causes' | 'left'>;

export function describeJobPlan(kind: 'redrive' | 'dismiss', forecast: JobForecast): DescribedPlan {
  const { waiting, wouldBeDecided, report } = forecast;
  const causes = forecast.causes.map(({ connectorId, ...cause }) => ({ ...cause, connector: connectorId }));
  if (report === undefined || kind === 'dismiss') {
    return { counts: { waiting, dismissed: wouldBeDecided }, notes: [], causes };
  }
  const { counts, maxRedrives, missing, refusals, untrusted } = report;
  const notes = [
    ...(counts.exhausted > 0
      ? [`${formatCount(counts.exhausted)} are left: they were redriven ${formatCounted(maxRedrives, 'time')} already.`]
      : []),
    ...(counts.untrusted > 0
      ? [
          `${formatCount(counts.untrusted)} are left: they delete or unsuppress a user and were not sent with the API key. Redrive one by its position if the customer wants it.`,
        ]
      : []),
    ...(counts.refused > 0
      ? [`${formatCount(counts.refused)} are left: they would be refused again. Edit them, or dismiss them.`]
      : []),
    ...(missing.length > 0 ? [`${formatCount(missing.length)} are no longer on the topic.`] : []),
  ];
  const left = [...untrusted, ...refusals].slice(0, NAMED);
  return { counts: { ...counts, waiting, missing: missing.length }, notes, causes, left };
}

export function describeReplayPlan(
  { request, recordsPerSecond }: ReplayOrder,
  forecast: ReplayForecast,
  missing: readonly MissingRecords[],
): DescribedPlan {
  const notes = [
    ...missing.map(describeMissing),
    ...(request.force === true ? ['It is forced: what was delivered before is delivered again, once.'] : []),
    ...(recordsPerSecond === undefined ? [] : [`At most ${formatCounted(recordsPerSecond, 'record')} a second.`]),
  ];
  return { counts: { ...forecast }, notes };
}

function describeMissing(missing: MissingRecords): string {
  switch (missing.kind) {
    case 'removed-times':
      return `Records of the period may be gone: retention has removed ${formatCounted(missing.removed, 'older offset')}.`;
    case 'removed-offsets': {
      const { bounds, firstOffset, lastOffset } = missing;
      return `Offsets ${firstOffset} to ${lastOffset} of partition ${bounds.partition} are gone; it begins at ${bounds.lowWatermark}.`;
    }
    case 'future-offsets': {
      const { bounds, firstOffset } = missing;
      return `Offsets from ${firstOffset} on of partition ${bounds.partition} are not there; it ends before ${bounds.highWatermark}.`;
    }
  }
}
