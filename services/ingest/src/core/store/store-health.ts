/**
 * Whether this instance can store events, for its readiness: four states, and what leads from one to the next. Pure;
 * the time is an argument, by a clock that cannot be set.
 *
 *     storing ──► failing ──► unready ◄──► recovering
 *        ▲  ◄────────┘                         │
 *        └─────────────────────────────────────┘
 *
 * A load balancer takes an instance out and in again as readiness changes. So a leader election, over in seconds, must
 * not change it, and an instance that fails again as soon as it is given requests must stay out for longer each time.
 */

const states = {
  /** The last that is known is a success. */
  storing: { isReady: true, next: ['failing'] },
  /** Failures only, for less than the grace. */
  failing: { isReady: true, next: ['storing', 'unready'] },
  /** Failures only, for the grace or longer. */
  unready: { isReady: false, next: ['recovering'] },
  /** Successes only, for less than the hold. */
  recovering: { isReady: false, next: ['unready', 'storing'] },
} as const satisfies Record<string, { readonly isReady: boolean; readonly next: readonly string[] }>;

export type StoreHealthState = keyof typeof states;

export interface StoreHealth {
  readonly state: StoreHealthState;
  /** Since when it is in its state. */
  readonly sinceMs: number;
  /** When it last became ready. */
  readonly readySinceMs: number;
  /** Of the last failure. */
  readonly failedAtMs: number;
  /** Why the last failure failed; empty before the first. */
  readonly reason: string;
  /** How long successes must last before it is ready again; 0 before the first time. */
  readonly holdMs: number;
}

/** What was seen of the store: by a request's records, or by a probe, which stores nothing. */
export type StoreEvidence =
  { readonly kind: 'stored' | 'probe-passed' } | { readonly kind: 'failed' | 'probe-failed'; readonly reason: string };

export interface StoreHealthPolicy {
  /** How long nothing but failures is taken for a moment's trouble. */
  readonly graceMs: number;
  /** The first hold. It doubles each time that the instance has not been ready for `calmMs` in between. */
  readonly holdMs: number;
  readonly maxHoldMs: number;
  readonly calmMs: number;
}

export const storeHealthPolicy: StoreHealthPolicy = {
  graceMs: 5_000,
  holdMs: 5_000,
  maxHoldMs: 120_000,
  calmMs: 300_000,
};

export function initialStoreHealth(nowMs: number): StoreHealth {
  return { state: 'storing', sinceMs: nowMs, readySinceMs: nowMs, failedAtMs: nowMs, reason: '', holdMs: 0 };
}

export function isReady({ state }: StoreHealth): boolean {
  return states[state].isReady;
}

export function nextStoreHealth(
  health: StoreHealth,
  evidence: StoreEvidence,
  nowMs: number,
  policy: StoreHealthPolicy,
): StoreHealth {
  return 'reason' in evidence
    ? afterFailure({ ...health, failedAtMs: nowMs, reason: evidence.reason }, nowMs, policy)
    : afterSuccess(health, evidence.kind === 'stored', nowMs, policy);
}

function afterFailure(health: StoreHealth, nowMs: number, policy: StoreHealthPolicy): StoreHealth {
  switch (health.state) {
    case 'storing':
      return enter(health, 'failing', nowMs);
    case 'failing':
      if (nowMs - health.sinceMs < policy.graceMs) return health;
      return { ...enter(health, 'unready', nowMs), holdMs: nextHoldMs(health, policy) };
    case 'unready':
      return health;
    case 'recovering':
      return enter(health, 'unready', nowMs);
  }
}

function afterSuccess(health: StoreHealth, isStored: boolean, nowMs: number, policy: StoreHealthPolicy): StoreHealth {
  switch (health.state) {
    case 'storing':
      return health;
    case 'failing':
      // Brokers may answer a probe and still refuse records, so only stored ones disprove a failure; or its age does.
      return isStored || nowMs - health.failedAtMs >= policy.graceMs ? enter(health, 'storing', nowMs) : health;
    case 'unready':
      return enter(health, 'recovering', nowMs);
    case 'recovering':
      if (nowMs - health.sinceMs < health.holdMs) return health;
      return { ...enter(health, 'storing', nowMs), readySinceMs: nowMs };
  }
}

/** Of an instance that was ready until `health` began. */
function nextHoldMs({ sinceMs, readySinceMs, holdMs }: StoreHealth, policy: StoreHealthPolicy): number {
  if (holdMs === 0 || sinceMs - readySinceMs >= policy.calmMs) return policy.holdMs;
  return Math.min(2 * holdMs, policy.maxHoldMs);
}

function enter(health: StoreHealth, state: StoreHealthState, nowMs: number): StoreHealth {
  const next: readonly StoreHealthState[] = states[health.state].next;
  if (!next.includes(state)) throw new Error(`a store that is ${health.state} cannot be ${state}`);
  return { ...health, state, sinceMs: nowMs };
}
