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
import { disturbedUntilMs, QUIET_MS, sparingFromMs } from './phases.ts';

export interface ScheduleOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly connectors: number;
}

const MEAN_GAP_MS = 5_500;
const MEAN_REPLAY_GAP_MS = 15_000;
/** Beyond the seeds that people use. */
const REPLAY_SEEDS = 1_000_000_007;
/** Between two disturbances that weaken the cluster: a broker must be back among the in-sync replicas. */
const CLUSTER_REST_MS = 12_000;

const kinds = [
  'kill',
  'kill-broker',
  'freeze',
  'freeze-broker',
  'rolling-restart',
  'restart',
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

type Kind = (typeof kinds)[number];

const rolled = [...services, 'brokers'] as const;
/** Every sort of them: both sources, by force and without, ended in each way. */
const replays = (['events', 'commands'] as const).flatMap((source) =>
  [true, false].flatMap((isForced) =>
    (['nothing', 'pause', 'cancel'] as const).map((midway) => ({ source, isForced, midway })),
  ),
);

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
 * In the order of their beginning. Of what breaks something, every kind comes before any comes again. At most one
 * broker is away at a time, but where the loss of the quorum is what is tried.
 */
export function drawSchedule({ seed, minutes, connectors }: ScheduleOptions): readonly Disturbance[] {
  const draw = createDraw(seed);
  const deals = new Deals(draw);
  const { below } = draw;
  const endMs = disturbedUntilMs(minutes);
  const sparedFromMs = sparingFromMs(minutes);
  const schedule: Disturbance[] = [];
  let deck: Kind[] = [];
  let clusterFreeAtMs = 0;
  for (let atMs = QUIET_MS + below(2_000); atMs < endMs; atMs += 500 + below(2 * (MEAN_GAP_MS - 500))) {
    const isClusterFree = atMs >= clusterFreeAtMs;
    let drawn: Disturbance | undefined;
    for (let tries = 0; drawn === undefined && tries < 2 * kinds.length; tries += 1) {
      if (deck.length === 0) deck = draw.shuffled(kinds);
      const kind = deck.shift() ?? 'kill';
      const candidate: Disturbance = {
        ...sparing(drawAction(kind, connectors, draw, deals), atMs >= sparedFromMs),
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
  return [...schedule, ...drawReplays({ seed, minutes, connectors })].sort((a, b) => a.atMs - b.atMs);
}

/** From draws of their own: whatever is broken, replays begin all the time, so that they meet it, and each other. */
function drawReplays({ seed, minutes, connectors }: ScheduleOptions): readonly Disturbance[] {
  const draw = createDraw(seed + REPLAY_SEEDS);
  const deals = new Deals(draw);
  const { below, chance, oneOf } = draw;
  const endMs = disturbedUntilMs(minutes);
  const drawn: Disturbance[] = [];
  for (let atMs = QUIET_MS + below(6_000); atMs < endMs; atMs += 2_000 + below(2 * (MEAN_REPLAY_GAP_MS - 2_000))) {
    drawn.push({
      kind: 'replay',
      ...deals.next('replay', replays),
      connector: chance(0.5) ? null : below(connectors),
      range: oneOf(['all', 'recent', 'recent'] as const),
      recordsPerSecond: oneOf([null, 30, 100, 300]),
      atMs,
      forMs: 5_000 + below(20_000),
    });
  }
  return drawn;
}

/** Deals what is drawn for each kind, each before any comes again, so that no service is left out. */
class Deals {
  readonly #draw: Draw;
  readonly #decks = new Map<string, unknown[]>();

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  next<T>(deck: string, items: readonly T[]): T {
    const left = (this.#decks.get(deck) as T[] | undefined) ?? [];
    if (left.length === 0) left.push(...this.#draw.shuffled(items));
    this.#decks.set(deck, left);
    const next = left.shift();
    if (next === undefined) throw new RangeError(`there is nothing to deal for ${deck}`);
    return next;
  }
}

/** In place of what would end a spared process: the same for the other instance. */
function sparing(action: DisturbanceAction, isSparing: boolean): DisturbanceAction {
  if (!isSparing) return action;
  switch (action.kind) {
    case 'kill':
    case 'restart': {
      const spared = services.find((service) => action.target === `${service}-1`);
      return spared === undefined ? action : { ...action, target: `${spared}-2` };
    }
    case 'rolling-restart':
      return action.of === 'brokers' ? action : { kind: 'restart', target: `${action.of}-2` };
    default:
      return action;
  }
}

function drawAction(kind: Kind, connectors: number, { below, oneOf }: Draw, deals: Deals): DisturbanceAction {
  switch (kind) {
    case 'kill':
    case 'restart':
      return { kind, target: deals.next(kind, serviceInstances) };
    case 'freeze':
      return { kind, target: oneOf(serviceInstances) };
    case 'kill-broker':
      return { kind: 'kill', target: oneOf(brokerNames) };
    case 'freeze-broker':
      return { kind: 'freeze', target: oneOf(brokerNames) };
    case 'rolling-restart':
      return { kind, of: deals.next(kind, rolled) };
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

function drawLengthMs(kind: Kind, below: Draw['below']): number {
  switch (kind) {
    case 'kill':
    case 'restart':
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
