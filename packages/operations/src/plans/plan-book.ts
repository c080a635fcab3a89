/**
 * Plans: what was counted and shown, waiting for somebody to say yes. They are kept in memory, so one that a restart
 * has lost is gone, and has to be made again. No I/O.
 */
export interface Plan<Content> {
  readonly id: string;
  readonly content: Content;
  readonly madeAtMs: number;
  /** From then on it is not carried out any more: what was counted is too old. */
  readonly expiresAtMs: number;
}

export type FoundPlan<Content> =
  | { readonly kind: 'plan'; readonly plan: Plan<Content> }
  | { readonly kind: 'expired'; readonly expiredAtMs: number }
  /** It was made by another process, or before a restart, or so long ago that nothing is known of it. */
  | { readonly kind: 'unknown' };

const PLAN_LIFETIME_MS = 15 * 60_000;
/** Expired plans are told apart from unknown ones for a while. */
const REMEMBERED_MS = 24 * 3_600_000;
const MAX_PLANS = 500;

export class PlanBook<Content, Executed> {
  readonly #plans = new Map<string, Plan<Content>>();
  readonly #executed = new Map<string, Promise<Executed>>();
  readonly #newId: () => string;
  readonly #nowMs: () => number;

  constructor(newId: () => string, nowMs: () => number) {
    this.#newId = newId;
    this.#nowMs = nowMs;
  }

  add(content: Content): Plan<Content> {
    const madeAtMs = this.#nowMs();
    const plan = { id: this.#newId(), content, madeAtMs, expiresAtMs: madeAtMs + PLAN_LIFETIME_MS };
    this.#plans.set(plan.id, plan);
    this.#forget();
    return plan;
  }

  find(id: string): FoundPlan<Content> {
    const plan = this.#plans.get(id);
    if (plan === undefined) return { kind: 'unknown' };
    const { expiresAtMs } = plan;
    return this.#nowMs() < expiresAtMs ? { kind: 'plan', plan } : { kind: 'expired', expiredAtMs: expiresAtMs };
  }

  /**
   * Carries a plan out once: who asks again, as with a double click, is given what came of the first time, even after
   * the plan has expired. One that failed can be tried again. `undefined`: it was not carried out; see `find`.
   */
  executed(id: string): Promise<Executed> | undefined {
    return this.#executed.get(id);
  }

  execute(plan: Plan<Content>, carryOut: (plan: Plan<Content>) => Promise<Executed>): Promise<Executed> {
    const before = this.#executed.get(plan.id);
    if (before !== undefined) return before;
    const executing = carryOut(plan);
    this.#executed.set(plan.id, executing);
    executing.catch(() => this.#executed.delete(plan.id));
    return executing;
  }

  #forget(): void {
    const nowMs = this.#nowMs();
    for (const { id, expiresAtMs } of this.#plans.values()) {
      if (this.#plans.size <= MAX_PLANS && nowMs < expiresAtMs + REMEMBERED_MS) return;
      this.#plans.delete(id);
      this.#executed.delete(id);
    }
  }
}
