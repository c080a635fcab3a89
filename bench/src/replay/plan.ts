/** What the bench of replays measures, by what its command line says. Pure. */
import type { BenchSize, ReplayArguments, ReplayPart } from '../arguments.ts';

export interface ReplayPlan {
  /** That are replayed. */
  readonly events: number;
  /** Sent before, so that the services' code is compiled. */
  readonly warmUpEvents: number;
  readonly users: number;
  readonly isIdleMeasured: boolean;
  /** Live events a second beside a replay, and without; undefined: not measured. */
  readonly besideLive: number | undefined;
  /** Live events a second, one after the other; the first is what the others are compared with. */
  readonly shares: readonly number[];
  /** How long live events come before they are measured. */
  readonly settleSeconds: number;
  readonly seconds: number;
}

interface Extent {
  readonly events: number;
  readonly settleSeconds: number;
}

const extents: Readonly<Record<BenchSize, Extent>> = {
  full: { events: 200_000, settleSeconds: 5 },
  quick: { events: 10_000, settleSeconds: 1 },
  smoke: { events: 2_000, settleSeconds: 0.5 },
};
const WARM_UP_SHARE = 0.25;
/** Ten events of each of those that are replayed. */
const MAX_USERS = 20_000;
/** Those of a request of live events are of different users. */
const USERS_STEP = 100;
const LIVE_RATE = 500;
const SHARES = [0, 500, 2_000, 5_000];

export function planReplays(
  size: BenchSize,
  seconds: number,
  { part, rate, events: chosen }: ReplayArguments,
): ReplayPlan {
  const { events: usual, settleSeconds } = extents[size];
  const events = chosen ?? usual;
  const isMeasured = (name: ReplayPart): boolean => part === undefined || part === name;
  return {
    events,
    warmUpEvents: Math.ceil(events * WARM_UP_SHARE),
    users: Math.min(MAX_USERS, USERS_STEP * Math.ceil(events / USERS_STEP)),
    isIdleMeasured: isMeasured('idle'),
    besideLive: isMeasured('beside-live') ? (rate ?? LIVE_RATE) : undefined,
    shares: isMeasured('share') ? (rate === undefined ? SHARES : [0, rate]) : [],
    settleSeconds,
    seconds,
  };
}
