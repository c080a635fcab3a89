import { closedCircuit, nextCircuit, type Circuit, type CircuitEvent, type CircuitPolicy } from '../core/circuit.ts';

export interface CircuitPolicies {
  readonly failing: CircuitPolicy;
  readonly halted: CircuitPolicy;
}

export interface CircuitBreakerOptions {
  readonly policies: CircuitPolicies;
  readonly random: () => number;
  /** Called when the circuit opens, closes, or lets a probe through. */
  readonly onChange: (before: Circuit, after: Circuit) => void;
}

/** A connector's circuit over time, and for how long its key has been refused. Times are of the monotonic clock. */
export class CircuitBreaker {
  readonly #random: () => number;
  readonly #onChange: CircuitBreakerOptions['onChange'];
  #policies: CircuitPolicies;
  #circuit: Circuit = closedCircuit;
  #pastHaltsMs = 0;
  #haltedSinceMs: number | undefined;

  constructor({ policies, random, onChange }: CircuitBreakerOptions) {
    this.#policies = policies;
    this.#random = random;
    this.#onChange = onChange;
  }

  get circuit(): Circuit {
    return this.#circuit;
  }

  /** How long the key has been refused, all in all. */
  haltedMs(nowMs: number): number {
    return this.#pastHaltsMs + (this.#haltedSinceMs === undefined ? 0 : nowMs - this.#haltedSinceMs);
  }

  adopt(policies: CircuitPolicies): void {
    this.#policies = policies;
  }

  /** The next probe is due now. False where none was to come: the circuit is not open. */
  probeNow(nowMs: number): boolean {
    if (this.#circuit.kind !== 'open') return false;
    this.#circuit = { ...this.#circuit, untilMs: nowMs };
    return true;
  }

  /** The circuit after the event. */
  step(event: CircuitEvent, nowMs: number): Circuit {
    const before = this.#circuit;
    const isHalt = event === 'refusal' || (before.kind === 'probing' && before.cause === 'halted');
    const { failing, halted } = this.#policies;
    const next = nextCircuit(before, event, isHalt ? halted : failing, nowMs, this.#random());
    if (next === before) return next;
    this.#circuit = next;
    this.#countHalt(next.kind !== 'closed' && next.cause === 'halted', nowMs);
    if (next.kind !== before.kind) this.#onChange(before, next);
    return next;
  }

  #countHalt(isHalted: boolean, nowMs: number): void {
    if (isHalted) {
      this.#haltedSinceMs ??= nowMs;
    } else if (this.#haltedSinceMs !== undefined) {
      this.#pastHaltsMs += nowMs - this.#haltedSinceMs;
      this.#haltedSinceMs = undefined;
    }
  }
}
