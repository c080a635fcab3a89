/**
 * A change that is counted before it is made: plan, confirm, execute. What is executed is the plan that was seen, by
 * its id; what has to be typed, the server says. Pure.
 */
import type { Digits } from './digits.ts';
import type { Problem } from './resource-state.ts';

export interface Plan {
  readonly planId: string;
  /** ISO 8601. After it the plan is gone, and has to be made again. */
  readonly expiresAt: string;
  /** Records that would be changed. */
  readonly count: Digits;
  /** What has to be typed, word for word; undefined: a click is enough. */
  readonly toType: string | undefined;
}

export type Decision<Planned extends Plan> =
  | { readonly kind: 'closed' }
  /** The dry run is under way. */
  | { readonly kind: 'planning' }
  | { readonly kind: 'planned'; readonly plan: Planned; readonly typed: string }
  | { readonly kind: 'executing'; readonly plan: Planned }
  | { readonly kind: 'accepted'; readonly plan: Planned; readonly jobId: string }
  /** The plan was too old, or something it rests on has changed. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'failed'; readonly problem: Problem };

const nexts: Readonly<Record<Decision<Plan>['kind'], readonly Decision<Plan>['kind'][]>> = {
  closed: ['planning'],
  planning: ['planned', 'failed', 'closed'],
  planned: ['planned', 'executing', 'expired', 'planning', 'closed'],
  executing: ['accepted', 'expired', 'failed', 'closed'],
  accepted: ['closed', 'planning'],
  expired: ['planning', 'closed'],
  failed: ['planning', 'closed'],
};

/** `next`, or throws where it may not follow. */
export function enterDecision<Planned extends Plan>(
  from: Decision<Planned>,
  next: Decision<Planned>,
): Decision<Planned> {
  if (!nexts[from.kind].includes(next.kind)) throw new Error(`a decision that is ${from.kind} cannot be ${next.kind}`);
  return next;
}

/** Grouped digits are as good as plain ones. */
export function isConfirmed({ plan, typed }: Extract<Decision<Plan>, { kind: 'planned' }>): boolean {
  if (plan.toType === undefined) return true;
  const given = typed.trim();
  return given === plan.toType || (/^[\d,]+$/.test(given) && given.replaceAll(',', '') === plan.toType);
}

export function isExpired({ expiresAt }: Plan, nowMs: number): boolean {
  return Date.parse(expiresAt) <= nowMs;
}
