/** One run: the pipeline is started, sent traffic, disturbed, healed, drained and read. */
import { setTimeout as sleep } from 'node:timers/promises';
import { scaledTimeoutMs } from '@astrolabe/testkit';
import { startSystem, type System, type SystemOptions } from '../cluster/system.ts';
import type { Drained, Observed } from '../oracle/observed.ts';
import type { Disturbance } from '../schedule/disturbance.ts';
import type { CallEnd, TrafficCall } from '../traffic/traffic-call.ts';
import type { LifeSpan } from '../upgrade/life-span.ts';
import { applyDisturbance } from './apply-disturbance.ts';
import { awaitDrained } from './await-drained.ts';
import { awaitOwners } from './await-owners.ts';
import type { DisturbanceEnd } from './disturbance-end.ts';
import { observe, type Phases } from './observe.ts';
import { readAgain } from './read-again.ts';
import { sendAll, type SendersReport } from './senders.ts';

export interface RunScheduleOptions extends SystemOptions {
  readonly minutes: number;
  readonly schedule: readonly Disturbance[];
  /** In order of sending. */
  readonly calls: readonly TrafficCall[];
  readonly onCallEnd: (call: TrafficCall, end: CallEnd) => void;
  readonly onProgress: (line: string) => void;
  readonly describe: (disturbance: Disturbance) => string;
  /** After the traffic and the last disturbance. Default 120000. */
  readonly drainTimeoutMs?: number;
  /** Whether the dispatchers read the whole command topic again when everything is delivered. */
  readonly readsAgain: boolean;
}

export interface AppliedDisturbance {
  readonly disturbance: Disturbance;
  readonly startedAtMs: number;
  readonly healedAtMs: number;
  readonly end: DisturbanceEnd;
}

export interface RunRecord {
  readonly observed: Observed;
  readonly disturbances: readonly AppliedDisturbance[];
  readonly senders: SendersReport;
  readonly startedAtMs: number;
  readonly sentAtMs: number;
  readonly drainedAtMs: number;
  /** How the ledger's disk was made small: `tmpfs` or `unbounded`. */
  readonly ledgerDisk: string;
  /** Brokers that ended by themselves, with the end of their log. They were started again. */
  readonly brokerCrashes: readonly string[];
  /** Undefined in a run with one revision. */
  readonly upgrade: UpgradeRecord | undefined;
}

export interface UpgradeRecord {
  /** In the order of the instances and their lives; those of the re-read too. */
  readonly spans: readonly LifeSpan[];
  /** When topics and schemas of the new revision were there, epoch milliseconds. */
  readonly contractsAtMs: number | undefined;
  /** What did not serve in the revision that it was given. */
  readonly failures: readonly string[];
}

/** Of the run, the share over which the traffic is spread. */
const TRAFFIC_SHARE = 0.95;
/** After the planned end, for senders whose last calls meet an outage. */
const SENDING_GRACE_MS = scaledTimeoutMs(60_000);
const DRAIN_TIMEOUT_MS = 120_000;

export async function runSchedule(options: RunScheduleOptions): Promise<RunRecord> {
  const { minutes, schedule, calls, onProgress, describe } = options;
  onProgress('starting three brokers, the registry, the API and two of each service');
  const brokerCrashes: string[] = [];
  const onBrokerCrash = (nodeId: number, { message }: Error): void => {
    brokerCrashes.push(`broker-${nodeId}: ${message}`);
    onProgress(`broker-${nodeId} ended by itself and is started again`);
  };
  const system = await startSystem({ ...options, onBrokerCrash });
  try {
    await awaitOwners(system);
    const startedAtMs = Date.now();
    const durationMs = minutes * 60_000;
    onProgress(`sending ${calls.length} calls over ${minutes} minutes, ${schedule.length} disturbances`);
    const disturbing = disturb(system, schedule, startedAtMs, (line, disturbance) =>
      onProgress(`${line} ${describe(disturbance)}`),
    );
    const [senders, disturbances] = await Promise.all([
      sendAll({
        calls,
        ingestUrls: system.ingestUrls,
        durationMs: durationMs * TRAFFIC_SHARE,
        giveUpAtMs: startedAtMs + durationMs + SENDING_GRACE_MS,
        onEnd: options.onCallEnd,
      }),
      disturbing,
      system.rollout?.declareContracts(),
    ]);
    await system.rollout?.finish();
    const sentAtMs = Date.now();
    onProgress('everything is sent and healed; waiting until it is delivered');
    const drained = await awaitDrained(system, options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS);
    const drainedAtMs = Date.now();
    onProgress(
      drained.kind === 'drained' ? `delivered after ${drainedAtMs - sentAtMs} ms` : `stuck: ${drained.detail}`,
    );
    const again = await readAgainIf(options, system, drained);
    const observed = await observe(system, { drained, ...again });
    const ledgerDisk = [...system.ledgerDisks.values()][0]?.kind ?? 'unbounded';
    const upgrade = upgradeOf(system);
    return { observed, disturbances, senders, startedAtMs, sentAtMs, drainedAtMs, ledgerDisk, brokerCrashes, upgrade };
  } finally {
    await system.close();
  }
}

function upgradeOf({ rollout, instances }: System): UpgradeRecord | undefined {
  if (rollout === undefined) return undefined;
  const spans = [...instances.values()].flatMap((instance) => instance.spans());
  return { spans, contractsAtMs: rollout.contractsAtMs, failures: rollout.failures };
}

/** What was not delivered the first time would be called for now, and its loss be hidden. */
async function readAgainIf(
  { readsAgain, onProgress, drainTimeoutMs = DRAIN_TIMEOUT_MS }: RunScheduleOptions,
  system: System,
  drained: Drained,
): Promise<Pick<Phases, 'readAgain' | 'livesBefore'>> {
  if (!readsAgain || drained.kind === 'stuck') return { readAgain: undefined, livesBefore: undefined };
  onProgress('the command topic is read again');
  return readAgain(system, drainTimeoutMs);
}

async function disturb(
  system: System,
  schedule: readonly Disturbance[],
  startMs: number,
  report: (what: string, disturbance: Disturbance) => void,
): Promise<readonly AppliedDisturbance[]> {
  return Promise.all(
    schedule.map(async (disturbance) => {
      const dueInMs = startMs + disturbance.atMs - Date.now();
      if (dueInMs > 0) await sleep(dueInMs);
      const startedAtMs = Date.now();
      report('>', disturbance);
      const end = await applyDisturbance(system, disturbance);
      if (end.kind === 'skipped') report(`skipped (${end.reason})`, disturbance);
      return { disturbance, startedAtMs, healedAtMs: Date.now(), end };
    }),
  );
}
