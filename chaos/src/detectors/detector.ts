/**
 * Short runs in which a guarantee is missing, each under the disturbance that the guarantee is for: the oracle has to
 * notice.
 */
import type { LocalCluster } from '@astrolabe/testkit';
import type { Invariant } from '../oracle/violation.ts';
import type { ServiceName } from '../oracle/observed.ts';
import { runChaos } from '../run/run-chaos.ts';
import type { ChaosReport } from '../run/chaos-report.ts';
import type { Disturbance, InstanceName } from '../schedule/disturbance.ts';
import { SABOTAGE_VARIABLE, type SabotageName } from './sabotage.ts';

export interface Detector {
  readonly sabotage: SabotageName;
  readonly service: ServiceName;
  /** What the run must find to be broken. */
  readonly invariant: Invariant;
  readonly schedule: readonly Disturbance[];
  /** Where what is missing shows only when the command topic is read again. */
  readonly readsAgain?: boolean;
  /** Causes of dead letters that the schedule has without the sabotage too; none by default. */
  readonly possibleDeadLetterCodes?: readonly string[];
}

const registration = new URL('./register-sabotage.ts', import.meta.url).href;
/** Drawn from it: users who are deleted early in the run and heard of late in it. */
const SEED = 20;
const SECONDS = 6;
const EVENTS = 700;
/** On a slow machine the first commands come to the API only when the last events are sent. */
const SLOW_MS = 10_000;

const kills = (service: ServiceName, ...atMs: readonly number[]): Disturbance[] =>
  atMs.flatMap((at) =>
    ([`${service}-1`, `${service}-2`] as InstanceName[]).map((target) => ({
      kind: 'kill' as const,
      target,
      atMs: at,
      forMs: 500,
    })),
  );

export const detectors: readonly Detector[] = [
  {
    sabotage: 'answer-before-stored',
    service: 'ingest',
    invariant: 'stored',
    schedule: [{ kind: 'cut', link: 'clients>broker-1', atMs: 1_500, forMs: 3_000 }, ...kills('ingest', 3_000)],
  },
  {
    sabotage: 'no-acknowledgement',
    service: 'ingest',
    invariant: 'stored',
    schedule: [
      { kind: 'blackhole', link: 'clients>broker-1', atMs: 1_500, forMs: 2_500 },
      { kind: 'kill', target: 'broker-1', atMs: 2_500, forMs: 200 },
    ],
  },
  { sabotage: 'no-transaction', service: 'mapper', invariant: 'mapped-once', schedule: kills('mapper', 2_000, 4_500) },
  {
    sabotage: 'position-not-stored',
    service: 'mapper',
    invariant: 'mapped-once',
    schedule: kills('mapper', 3_000),
  },
  { sabotage: 'dead-letter-not-stored', service: 'mapper', invariant: 'mapped-once', schedule: [] },
  { sabotage: 'state-not-restored', service: 'mapper', invariant: 'mapped-once', schedule: kills('mapper', 3_000) },
  {
    sabotage: 'no-lanes',
    service: 'dispatcher',
    invariant: 'order-by-key',
    schedule: [{ kind: 'api-fault', fault: 'status-500', rate: 0.4, connector: null, atMs: 0, forMs: SLOW_MS }],
  },
  {
    sabotage: 'commit-beyond-gap',
    service: 'dispatcher',
    invariant: 'accounted',
    schedule: [
      { kind: 'api-fault', fault: 'hang', rate: 1, connector: null, atMs: 1_000, forMs: SLOW_MS },
      ...kills('dispatcher', SLOW_MS),
    ],
  },
  {
    sabotage: 'failure-is-delivery',
    service: 'dispatcher',
    invariant: 'accounted',
    schedule: [{ kind: 'api-fault', fault: 'status-500', rate: 0.5, connector: null, atMs: 0, forMs: SLOW_MS }],
  },
  {
    sabotage: 'refused-key-is-refused-command',
    service: 'dispatcher',
    invariant: 'accounted',
    schedule: [{ kind: 'calls-refused', status: 401, calls: 5, atMs: 0, forMs: 60_000 }],
  },
  { sabotage: 'ledger-not-asked', service: 'dispatcher', invariant: 'remembered', schedule: [], readsAgain: true },
  { sabotage: 'ledger-stored-late', service: 'dispatcher', invariant: 'remembered', schedule: [], readsAgain: true },
  {
    sabotage: 'command-dead-letter-not-stored',
    service: 'dispatcher',
    invariant: 'accounted',
    schedule: [{ kind: 'calls-refused', status: 400, calls: 100, atMs: 0, forMs: 60_000 }],
    possibleDeadLetterCodes: ['api.rejected'],
  },
  {
    sabotage: 'key-of-each-attempt',
    service: 'dispatcher',
    invariant: 'one-key',
    schedule: [{ kind: 'api-fault', fault: 'status-500', rate: 0.5, connector: null, atMs: 0, forMs: SLOW_MS }],
  },
];

/** With the sabotage, or, to show that it is the sabotage that is found, without. */
export function runDetector(
  { sabotage, service, schedule, readsAgain = false, possibleDeadLetterCodes = [] }: Detector,
  options: {
    /** Of one broker; each run has a prefix of its own there. */
    readonly cluster: LocalCluster;
    readonly env: NodeJS.ProcessEnv;
    readonly isSabotaged: boolean;
    readonly logDirectory?: string;
  },
): Promise<ChaosReport> {
  const { cluster, env, isSabotaged, logDirectory } = options;
  const preload = { NODE_OPTIONS: `--import=${registration}`, [SABOTAGE_VARIABLE]: sabotage };
  return runChaos({
    seed: SEED,
    minutes: SECONDS / 60,
    events: EVENTS,
    env,
    shared: { cluster, topicPrefix: `${sabotage}.` },
    // What happens to the other services is not looked at.
    instances: { ingest: 1, mapper: 1, dispatcher: 1, [service]: 2 },
    schedule,
    readsAgain,
    possibleDeadLetterCodes,
    drainTimeoutMs: 20_000,
    onProgress: () => undefined,
    ...(isSabotaged ? { variables: { [service]: preload } } : {}),
    ...(logDirectory === undefined ? {} : { logDirectory }),
  });
}
