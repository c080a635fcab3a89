/**
 * Scripted faults. Pure except for their state: how often each fault is still to happen, and the seeded random numbers,
 * so that a run can be repeated.
 */
import { seededRandom } from '@astrolabe/service-kit';

/** Which calls a fault applies to: those that match all given members. */
export interface FaultMatch {
  readonly connector?: string;
  /** In upper case. */
  readonly method?: string;
  /** Start of the path, percent-encoded as it is sent. */
  readonly pathPrefix?: string;
}

export type FaultAction =
  /** Answers with a problem of this status, without effect. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number }
  /** Waits before anything else happens, including other faults. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Never answers, without effect. The connection stays open until the client or `close` ends it. */
  | { readonly kind: 'hang' }
  /** Ends the connection without effect and without an answer. */
  | { readonly kind: 'cut' }
  /** Applies and remembers the effect, then ends the connection without an answer. */
  | { readonly kind: 'lose-answer' };

export type FaultKind = FaultAction['kind'];

export const faultKinds: readonly FaultKind[] = ['status', 'delay', 'hang', 'cut', 'lose-answer'];

export type Fault = FaultAction & {
  readonly match?: FaultMatch;
  /** How many matching calls it hits before it is used up. Default: unlimited. */
  readonly times?: number;
  /** Share of matching calls that it hits, from 0 to 1. Default 1. */
  readonly rate?: number;
};

/** A fault with its number of hits. */
export interface ScriptedFault {
  readonly id: number;
  readonly fault: Fault;
  readonly hits: number;
}

/** What is to be done to one call. */
export interface FaultDecision {
  readonly delayMs: number;
  readonly action: Exclude<FaultAction, { kind: 'delay' }> | undefined;
}

export interface Faults {
  /** Appends faults; returns their ids. */
  add(...faults: readonly Fault[]): readonly number[];
  /** Removes all, used up or not. */
  clear(): void;
  /** Restarts the random numbers. */
  seed(seed: number): void;
  list(): readonly ScriptedFault[];
  /** Decides for one call. Delays add up; of the other faults, the first that matches and hits applies. */
  decide(call: { readonly connector: string; readonly method: string; readonly path: string }): FaultDecision;
}

const noFault: FaultDecision = Object.freeze({ delayMs: 0, action: undefined });

export function createFaults(seed = 1): Faults {
  let random = seededRandom(seed);
  let scripted: { readonly id: number; readonly fault: Fault; hits: number }[] = [];
  let lastId = 0;

  return {
    add: (...faults) =>
      faults.map((fault) => {
        lastId += 1;
        scripted.push({ id: lastId, fault, hits: 0 });
        return lastId;
      }),
    clear: () => {
      scripted = [];
    },
    seed: (newSeed) => {
      random = seededRandom(newSeed);
    },
    list: () => scripted.map((entry) => ({ ...entry })),
    decide: (call) => {
      if (scripted.length === 0) return noFault;
      let delayMs = 0;
      let action: FaultDecision['action'];
      for (const entry of scripted) {
        const { fault, hits } = entry;
        const usedUp = fault.times !== undefined && hits >= fault.times;
        if (usedUp || (action !== undefined && fault.kind !== 'delay') || !matches(fault.match, call)) continue;
        if (fault.rate !== undefined && random() >= fault.rate) continue;
        entry.hits += 1;
        if (fault.kind === 'delay') delayMs += fault.delayMs;
        else action = fault;
      }
      return { delayMs, action };
    },
  };
}

function matches(match: FaultMatch | undefined, call: { connector: string; method: string; path: string }): boolean {
  if (match === undefined) return true;
  if (match.connector !== undefined && match.connector !== call.connector) return false;
  if (match.method !== undefined && match.method !== call.method) return false;
  return match.pathPrefix === undefined || call.path.startsWith(match.pathPrefix);
}
