/** Draws a schedule of disturbances. Pure: the same seed and length give the same schedule. */
import { createDraw, type Draw } from '@astrolabe/testkit';
import {
  brokerNames,
  links,
  serviceInstances,
  services,
  weakensCluster,
  type ApiFaultName,
  type Disturbance,
  type DisturbanceAction,
} from './disturbance.ts';

export interface ScheduleOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly connectors: number;
}

/** Quiet at the start: what freshness is while nothing is wrong. */
const QUIET_MS = 8_000;
/** Of the run, from its start: the rest is for recovery, still under load. */
const DISTURBED_SHARE = 0.85;
const MEAN_GAP_MS = 5_500;
/**
 * From this length on, the first instance of each service lives on from a third of the run to its end: only a long life
 * shows a slow leak.
 */
const SPARING_MINUTES = 10;
const SPARING_FROM_SHARE = 1 / 3;
/** Between two disturbances that weaken the cluster: a broker must be back among the in-sync replicas. */
const CLUSTER_REST_MS = 12_000;

const kinds = [
  'kill',
  'kill-broker',
  'freeze',
  'freeze-broker',
  'rolling-restart',
  'cut',
  'blackhole',
  'delay',
  'api-fault',
  'api-fault',
  'registry-away',
  'key-revoked',
  'connectors-edited',
  'partitions-added',
  'disk-full',
  'quorum-lost',
] as const;

const apiFaults: readonly ApiFaultName[] = [
  'status-500',
  'status-503',
  'status-429',
  'delay',
  'hang',
  'cut',
  'lose-answer',
];

/**
 * In the order of their beginning. Every kind comes before any comes again. At most one broker is away at a time, but
 * where the loss of the quorum is what is tried.
 */
export function drawSchedule({ seed, minutes, connectors }: ScheduleOptions): readonly Disturbance[] {
  const draw = createDraw(seed);
  const { below } = draw;
  const endMs = minutes * 60_000 * DISTURBED_SHARE;
  const sparingFromMs = minutes < SPARING_MINUTES ? endMs : minutes * 60_000 * SPARING_FROM_SHARE;
  const schedule: Disturbance[] = [];
  let deck: (typeof kinds)[number][] = [];
  let clusterFreeAtMs = 0;
  for (let atMs = QUIET_MS + below(2_000); atMs < endMs; atMs += 500 + below(2 * (MEAN_GAP_MS - 500))) {
    const isClusterFree = atMs >= clusterFreeAtMs;
    let drawn: Disturbance | undefined;
    for (let tries = 0; drawn === undefined && tries < 2 * kinds.length; tries += 1) {
      if (deck.length === 0) deck = draw.shuffled(kinds);
      const kind = deck.shift() ?? 'kill';
      const candidate: Disturbance = {
        ...sparing(drawAction(kind, connectors, draw), atMs >= sparingFromMs),
        atMs,
        forMs: drawLengthMs(kind, below),
      };
      if (!isClusterFree && weakensCluster(candidate)) deck.push(kind);
      else drawn = candidate;
    }
    if (drawn === undefined) continue;
    if (weakensCluster(drawn)) clusterFreeAtMs = atMs + drawn.forMs + CLUSTER_REST_MS;
    schedule.push(drawn);
  }
  return schedule;
}

/** In place of what would end a spared process: the same for the other instance, and for the brokers. */
function sparing(action: DisturbanceAction, isSparing: boolean): DisturbanceAction {
  if (!isSparing) return action;
  if (action.kind === 'kill') {
    const spared = services.find((service) => action.target === `${service}-1`);
    return spared === undefined ? action : { ...action, target: `${spared}-2` };
  }
  return action.kind === 'rolling-restart' ? { ...action, of: 'brokers' } : action;
}

function drawAction(kind: (typeof kinds)[number], connectors: number, { below, oneOf }: Draw): DisturbanceAction {
  switch (kind) {
    case 'kill':
    case 'freeze':
      return { kind, target: oneOf(serviceInstances) };
    case 'kill-broker':
      return { kind: 'kill', target: oneOf(brokerNames) };
    case 'freeze-broker':
      return { kind: 'freeze', target: oneOf(brokerNames) };
    case 'rolling-restart':
      return { kind, of: oneOf([...services, 'brokers'] as const) };
    case 'cut':
    case 'blackhole':
      return { kind, link: oneOf(links) };
    case 'delay':
      return { kind, link: oneOf(links), delayMs: 20 + below(400) };
    case 'api-fault':
      return {
        kind,
        fault: oneOf(apiFaults),
        rate: oneOf([0.05, 0.3, 1]),
        connector: below(2) === 0 ? null : below(connectors),
      };
    case 'key-revoked':
      return { kind, connector: below(connectors) };
    case 'connectors-edited':
      return { kind, edit: oneOf(['broken', 'bulk', 'concurrency'] as const) };
    case 'disk-full':
      return { kind, target: oneOf(['dispatcher-1', 'dispatcher-2'] as const) };
    case 'registry-away':
    case 'partitions-added':
    case 'quorum-lost':
      return { kind };
  }
}

function drawLengthMs(kind: (typeof kinds)[number], below: Draw['below']): number {
  switch (kind) {
    case 'kill':
    case 'partitions-added':
      return 1_000;
    case 'rolling-restart':
      return 15_000;
    // Beyond a session's length, so that its partitions move and it comes back to find itself fenced off.
    case 'freeze':
      return 2_000 + below(9_000);
    default:
      return 2_000 + below(6_000);
  }
}
