import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closedCircuit, nextCircuit, type Circuit, type CircuitEvent, type CircuitPolicy } from './circuit.ts';

const policy: CircuitPolicy = { failuresToOpen: 3, pauseMs: 1_000, maxPauseMs: 8_000 };
const nowMs = 1_000_000;

function after(...events: readonly CircuitEvent[]): Circuit {
  return events.reduce((circuit, event) => nextCircuit(circuit, event, policy, nowMs, 0.5), closedCircuit);
}

test('consecutive failures open the circuit, and a success in between resets the count', () => {
  assert.equal(after('failure', 'failure').kind, 'closed');
  assert.equal(after('failure', 'failure', 'success', 'failure', 'failure').kind, 'closed');
  const open = after('failure', 'failure', 'failure');
  assert.deepEqual(open, { kind: 'open', cause: 'failing', openings: 1, untilMs: nowMs + 750 });
});

test('one refused key opens the circuit at once, and its probes refused or failing keep it halted', () => {
  const halted = after('refusal');
  assert.ok(halted.kind === 'open' && halted.cause === 'halted');
  for (const event of ['refusal', 'failure'] as const) {
    const again = nextCircuit(nextCircuit(halted, 'probe', policy, nowMs, 0.5), event, policy, nowMs, 0.5);
    assert.ok(again.kind === 'open' && again.cause === 'halted' && again.openings === 2, event);
  }
  assert.deepEqual(nextCircuit(halted, 'refusal', policy, nowMs + 99, 0.5), halted, 'late answers change nothing');
});

test('a probe that succeeds closes the circuit, one that fails opens it for longer, one that is abandoned may be repeated at once', () => {
  const probing = after('failure', 'failure', 'failure', 'probe');
  assert.deepEqual(probing, { kind: 'probing', cause: 'failing', openings: 1 });
  assert.deepEqual(nextCircuit(probing, 'success', policy, nowMs, 0.5), closedCircuit);
  assert.deepEqual(nextCircuit(probing, 'failure', policy, nowMs, 0.5), {
    kind: 'open',
    cause: 'failing',
    openings: 2,
    untilMs: nowMs + 1_500,
  });
  assert.deepEqual(nextCircuit(probing, 'abandoned', policy, nowMs, 0.5), {
    kind: 'open',
    cause: 'failing',
    openings: 1,
    untilMs: nowMs,
  });
});

test('whatever happens, a pause is between half of its bound and the bound, and only a success closes an open circuit', () => {
  const event = fc.constantFrom<CircuitEvent>('success', 'failure', 'refusal', 'probe', 'abandoned');
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(event, random), { maxLength: 100 }), (events) => {
      let circuit = closedCircuit;
      for (const [event, random] of events) {
        const next = nextCircuit(circuit, event, policy, nowMs, random);
        if (circuit.kind !== 'closed' && next.kind === 'closed') assert.equal(event, 'success');
        if (next.kind === 'open' && next !== circuit && event !== 'abandoned') {
          const boundMs = Math.min(policy.maxPauseMs, policy.pauseMs * 2 ** (next.openings - 1));
          const pauseMs = next.untilMs - nowMs;
          assert.ok(pauseMs >= boundMs / 2 && pauseMs <= boundMs, `${pauseMs} of ${boundMs}`);
        }
        circuit = next;
      }
    }),
  );
});
