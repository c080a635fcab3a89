/**
 * Short runs in which a guarantee is missing, each under the disturbance that the guarantee is for: the oracle has to
 * notice.
 */
import type { LocalCluster } from '@astrolabe/testkit';
import type { Invariant } from '../oracle/violation.ts';
import type { ServiceName } from '../oracle/observed.ts';
import { runChaos } from '../run/run-chaos.ts';
import type { ChaosReport } from '../run/chaos-report.ts';
import type { Disturbance, InstanceName, ReplayAction } from '../schedule/disturbance.ts';
import { MUTATION_VARIABLE, type MutationName } from './mutation.ts';

export interface Detector {
  readonly mutation: MutationName;
  readonly service: ServiceName;
  /** What the run must find to be broken. */
  readonly invariant: Invariant;
  readonly schedule: readonly Disturbance[];
  /** Where what is missing shows only when the command topic is read again. */
  readonly readsAgain?: boolean;
  /** Causes of dead letters that the schedule may bring without the mutation too; none by default. */
  readonly possibleDeadLetterCodes?: readonly string[];
}

const registration = new URL('./register-mutation.ts', import.meta.url).href;
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

/** Of all that is there when the senders are done, or soon will be. */
const replayOf = (
  source: ReplayAction['source'],
  how: Pick<ReplayAction, 'isForced' | 'recordsPerSecond'>,
  midway: ReplayAction['midway'] = 'nothing',
): Disturbance => {
  return {
    kind: 'replay',
    source,
    ...how,
    connector: null,
    range: 'all',
    midway,
    atMs: 5_000,
    forMs: SLOW_MS,
  };
};

export const detectors: readonly Detector[] = [
  {
    mutation: 'answer-before-stored',
    service: 'ingest',
    invariant: 'stored',
    schedule: [{ kind: 'cut', link: 'clients>broker-1', atMs: 1_500, forMs: 3_000 }, ...kills('ingest', 3_000)],
  },
  {
    mutation: 'no-acknowledgement',
    service: 'ingest',
    invariant: 'stored',
    schedule: [
      { kind: 'blackhole', link: 'clients>broker-1', atMs: 1_500, forMs: 2_500 },
      { kind: 'kill', target: 'broker-1', atMs: 2_500, forMs: 200 },
    ],
  },
  { mutation: 'no-transaction', service: 'mapper', invariant: 'mapped-once', schedule: kills('mapper', 2_000, 4_500) },
  {
    mutation: 'position-not-stored',
    service: 'mapper',
    invariant: 'mapped-once',
    schedule: kills('mapper', 3_000),
  },
  { mutation: 'dead-letter-not-stored', service: 'mapper', invariant: 'mapped-once', schedule: [] },
  {
    mutation: 'state-not-restored',
    service: 'mapper',
    invariant: 'mapped-once',
    // A slow mapper may have read nothing by the first.
    schedule: kills('mapper', 3_000, SLOW_MS),
  },
  {
    mutation: 'replay-position-not-stored',
    service: 'mapper',
    invariant: 'replayed-once',
    // Killed when the replay has made something, whenever that is.
    schedule: [replayOf('events', { isForced: false, recordsPerSecond: 10 }, 'kill-mappers')],
  },
  {
    mutation: 'replay-lets-the-suppressed-in',
    service: 'mapper',
    invariant: 'replayed-as-meant',
    schedule: [replayOf('events', { isForced: false, recordsPerSecond: null })],
  },
  {
    mutation: 'no-lanes',
    service: 'dispatcher',
    invariant: 'order-by-key',
    schedule: [{ kind: 'api-fault', fault: 'status-500', rate: 0.4, connector: null, atMs: 0, forMs: SLOW_MS }],
  },
  {
    mutation: 'commit-beyond-gap',
    service: 'dispatcher',
    invariant: 'accounted',
    schedule: [
      { kind: 'api-fault', fault: 'hang', rate: 1, connector: null, atMs: 1_000, forMs: SLOW_MS },
      ...kills('dispatcher', SLOW_MS),
    ],
  },
  {
    mutation: 'failure-is-delivery',
    service: 'dispatcher',
    invariant: 'accounted',
    schedule: [{ kind: 'api-fault', fault: 'status-500', rate: 0.5, connector: null, atMs: 0, forMs: SLOW_MS }],
  },
  {
    mutation: 'refused-key-is-refused-command',
    service: 'dispatcher',
    invariant: 'accounted',
    schedule: [{ kind: 'calls-refused', status: 401, calls: 5, atMs: 0, forMs: 60_000 }],
  },
  { mutation: 'ledger-not-asked', service: 'dispatcher', invariant: 'remembered', schedule: [], readsAgain: true },
  {
    mutation: 'ledger-not-asked-for-replays',
    service: 'dispatcher',
    invariant: 'remembered',
    schedule: [replayOf('events', { isForced: false, recordsPerSecond: null })],
  },
  {
    mutation: 'forced-key-of-each-attempt',
    service: 'dispatcher',
    invariant: 'one-key',
    schedule: [replayOf('commands', { isForced: true, recordsPerSecond: null })],
  },
  { mutation: 'ledger-stored-late', service: 'dispatcher', invariant: 'remembered', schedule: [], readsAgain: true },
  {
    mutation: 'command-dead-letter-not-stored',
    service: 'dispatcher',
    invariant: 'accounted',
    schedule: [{ kind: 'calls-refused', status: 400, calls: 100, atMs: 0, forMs: 60_000 }],
    possibleDeadLetterCodes: ['api.rejected'],
  },
  {
    mutation: 'key-of-each-attempt',
    service: 'dispatcher',
    invariant: 'one-key',
    schedule: [{ kind: 'api-fault', fault: 'status-500', rate: 0.5, connector: null, atMs: 0, forMs: SLOW_MS }],
  },
];

/** Runs with the mutation, or without it to show that the finding comes from the mutation. */
export function runDetector(
  { mutation, service, schedule, readsAgain = false, possibleDeadLetterCodes = [] }: Detector,
  options: {
    /** Of one broker; each run has a prefix of its own there. */
    readonly cluster: LocalCluster;
    readonly env: NodeJS.ProcessEnv;
    readonly isMutated: boolean;
    readonly logDirectory?: string;
  },
): Promise<ChaosReport> {
  const { cluster, env, isMutated, logDirectory } = options;
  const preload = { NODE_OPTIONS: `--import=${registration}`, [MUTATION_VARIABLE]: mutation };
  return runChaos({
    seed: SEED,
    minutes: SECONDS / 60,
    events: EVENTS,
    env,
    shared: { cluster, topicPrefix: `${mutation}.` },
    // What happens to the other services is not looked at.
    instances: { ingest: 1, mapper: 1, dispatcher: 1, [service]: 2 },
    schedule,
    readsAgain,
    possibleDeadLetterCodes,
    drainTimeoutMs: 20_000,
    onProgress: () => undefined,
    ...(isMutated ? { variables: { [service]: preload } } : {}),
    ...(logDirectory === undefined ? {} : { logDirectory }),
  });
}
