/**
 * Whether calls for a connector are worth making: a circuit breaker, which also holds the connector while its key is
 * refused. Pure; time and randomness are arguments. An open circuit lets nothing through but one probe at a time, so it
 * uses up no command's attempts.
 */

/** `failing`: the API does not answer or answers that it cannot. `halted`: it refuses the key. */
export type CircuitCause = 'failing' | 'halted';

export type Circuit =
  | { readonly kind: 'closed'; readonly failuresInARow: number }
  | {
      readonly kind: 'open';
      readonly cause: CircuitCause;
      /** How often it has opened without a success in between. */
      readonly openings: number;
      /** When the next probe is due, by the monotonic clock. */
      readonly untilMs: number;
    }
  /** One call is under way to see. */
  | { readonly kind: 'probing'; readonly cause: CircuitCause; readonly openings: number };

/**
 * - `success`: the API works: it accepted the command, rejected it, or asked us to slow down
 * - `failure`: no answer, or a server error
 * - `refusal`: the API refused the key
 * - `probe`: a call is made although the circuit is open
 * - `abandoned`: the probe ended without a result
 */
export type CircuitEvent = 'success' | 'failure' | 'refusal' | 'probe' | 'abandoned';

export interface CircuitPolicy {
  /** Failures in a row that open the circuit. */
  readonly failuresToOpen: number;
  /** Bound of the first pause before a probe; doubles with each that fails. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
}

export const closedCircuit: Circuit = Object.freeze({ kind: 'closed', failuresInARow: 0 });

export function nextCircuit(
  circuit: Circuit,
  event: CircuitEvent,
  policy: CircuitPolicy,
  nowMs: number,
  random: number,
): Circuit {
  switch (event) {
    case 'success':
      return circuit.kind === 'closed' && circuit.failuresInARow === 0 ? circuit : closedCircuit;
    case 'failure':
      if (circuit.kind === 'open') return circuit;
      if (circuit.kind === 'probing') return open(circuit.cause, circuit.openings + 1, policy, nowMs, random);
      return circuit.failuresInARow + 1 < policy.failuresToOpen
        ? { kind: 'closed', failuresInARow: circuit.failuresInARow + 1 }
        : open('failing', 1, policy, nowMs, random);
    case 'refusal':
      // The answers of calls that were under way when the first refusal came say nothing new.
      if (circuit.kind === 'open' && circuit.cause === 'halted') return circuit;
      return open('halted', circuit.kind === 'probing' ? circuit.openings + 1 : 1, policy, nowMs, random);
    case 'probe':
      return circuit.kind === 'open' ? { kind: 'probing', cause: circuit.cause, openings: circuit.openings } : circuit;
    case 'abandoned':
      return circuit.kind === 'probing'
        ? { kind: 'open', cause: circuit.cause, openings: circuit.openings, untilMs: nowMs }
        : circuit;
  }
}

function open(
  cause: CircuitCause,
  openings: number,
  { pauseMs, maxPauseMs }: CircuitPolicy,
  nowMs: number,
  random: number,
): Circuit {
  // Half of the bound at random on top of the other half: a pause must not be nothing.
  const halfMs = Math.min(maxPauseMs, pauseMs * 2 ** Math.min(openings - 1, 30)) / 2;
  return { kind: 'open', cause, openings, untilMs: nowMs + Math.ceil(halfMs) + Math.floor(random * halfMs) };
}
