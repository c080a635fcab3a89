/**
 * Calls for the commands of all partitions: a gate for each connector, the pauses before repetitions, and the calls themselves. One for the
 * process.
 */
import type { Clock, ConnectorDirectory, Logger } from '@astrolabe/service-kit';
import type { ApiCall, ApiCallReceiver, ApiClient } from './api-client.ts';
import { ConnectorGate, type CallResult, type GatePolicy } from '../limits/connector-limiter.ts';
import { toApiRequest } from '../core/api-request.ts';
import { readBulkOutcomes, toBulkRequest } from '../core/bulk-request.ts';
import { classifyResponse, type ApiOutcome, type Verdict } from '../core/classify-response.ts';
import { DueQueue } from '../core/due-queue.ts';
import { failureCauseOf } from '../core/failure-cause.ts';
import type { CallUnderWay, Delivery } from '../lifecycle/in-flight-command.ts';
import type { DispatcherMetrics } from '../dispatcher-metrics.ts';
import { SharedSlots } from '../limits/bulkhead.ts';

export interface DispatchOptions {
  readonly apiClient: ApiClient;
  /** The connectors of the moment; asked for each call, so that a change takes effect with the next. */
  readonly connectors: () => Pick<ConnectorDirectory, 'byId'>;
  /** Asked for a gate's first policy, and again at `connectorsChanged`. */
  readonly policyOf: (connectorId: string) => GatePolicy;
  /** Calls in flight of all connectors. */
  readonly maxCalls: number;
  /** The longest pause of a whole connector that the API's `Retry-After` is obeyed for. */
  readonly maxRetryAfterMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: DispatcherMetrics;
}

interface Failure {
  readonly cause: string;
  readonly status: number | undefined;
  /** What the API or the network said. */
  readonly reason: string;
}

export class Dispatch {
  readonly #options: DispatchOptions;
  readonly #gates = new Map<string, ConnectorGate<Delivery>>();
  readonly #slots: SharedSlots;
  readonly #pausing = new DueQueue<Delivery>();
  readonly #closing = new AbortController();
  /** Why the last call failed, by connector: what opens a circuit. */
  readonly #lastFailures = new Map<string, Failure>();
  #alarmAtMs: number | undefined;

  constructor(options: DispatchOptions) {
    this.#options = options;
    this.#slots = new SharedSlots(options.maxCalls);
  }

  gates(): Iterable<ConnectorGate<Delivery>> {
    return this.#gates.values();
  }

  gateOf(connectorId: string): ConnectorGate<Delivery> {
    let gate = this.#gates.get(connectorId);
    if (gate === undefined) {
      const { clock, random, policyOf } = this.#options;
      gate = new ConnectorGate<Delivery>({
        id: connectorId,
        policy: policyOf(connectorId),
        slots: this.#slots,
        clock,
        random,
        signal: this.#closing.signal,
        send: (gate, deliveries) => {
          this.#send(gate, deliveries);
        },
        onCircuit: (gate, before) => {
          this.#tell(gate, before);
        },
      });
      this.#gates.set(connectorId, gate);
    }
    return gate;
  }

  /** False for ids that only a foreign producer knows: they are without number, and get neither a gate nor a metric. */
  isKnown(connectorId: string): boolean {
    return this.#gates.has(connectorId) || this.#options.connectors().byId(connectorId) !== undefined;
  }

  isBlocked(connectorId: string): boolean {
    return this.#gates.get(connectorId)?.isBlocked() ?? false;
  }

  /** Connectors were changed: their policies, and maybe a key, which need not wait for the next probe. */
  connectorsChanged(): void {
    for (const gate of this.#gates.values()) {
      gate.adopt(this.#options.policyOf(gate.id));
      gate.hurry();
    }
  }

  /** Queues a delivery again at a time of the monotonic clock. */
  retryAt(delivery: Delivery, dueMs: number): void {
    this.#pausing.add(delivery, dueMs);
    this.#watch();
  }

  close(): void {
    this.#closing.abort(new Error('the dispatcher closes'));
  }

  #send(gate: ConnectorGate<Delivery>, deliveries: readonly Delivery[]): void {
    const { connectors, apiClient, clock } = this.#options;
    const connector = connectors().byId(gate.id);
    if (!connector?.enabled) {
      const code = connector === undefined ? 'command.connector-unknown' : 'command.connector-disabled';
      const message =
        connector === undefined ? `no connector has the id ${gate.id}` : `connector ${gate.id} is switched off`;
      // What nobody calls for any more is not halted: the alert would stay on for ever.
      gate.ended({ circuit: 'success', pressure: 'none', durationMs: undefined, pauseMs: undefined });
      for (const delivery of deliveries) delivery.handler.refuse(delivery, code, message);
      return this.#slots.serve();
    }
    const call = new GateCall(this, gate, deliveries, clock.monotonicMs());
    for (const delivery of deliveries) delivery.call(call);
    const [first] = deliveries;
    if (first?.command === undefined) return;
    const request = call.isBulk
      ? toBulkRequest(deliveries.map((delivery) => delivery.bulkItem()))
      : toApiRequest(first.command, first.deliveryId);
    call.started(apiClient.call(request, connector.apiKey, call));
  }

  answered(call: GateCall, outcome: ApiOutcome): void {
    const { clock, metrics } = this.#options;
    const { gate, deliveries } = call;
    const nowMs = clock.monotonicMs();
    const durationMs = nowMs - call.startedAtMs;
    metrics.callDuration.observe({ connector: gate.id }, durationMs / 1_000);
    // A date in Retry-After is one of the wall clock.
    const verdict = classifyResponse(outcome, clock.nowMs());
    if (verdict.kind === 'retry' || verdict.kind === 'halt') this.#noteFailure(gate.id, outcome, verdict);
    gate.ended(this.#judge(verdict, durationMs));
    const [first] = deliveries;
    if (call.isBulk) this.#settleBulk(call, outcome, verdict, nowMs);
    else first?.handler.settle(first, verdict, nowMs);
    gate.pump();
    this.#slots.serve();
  }

  /** Before the gate is told, which may open its circuit for it. */
  #noteFailure(
    connectorId: string,
    outcome: ApiOutcome,
    { status, message }: Verdict & { kind: 'retry' | 'halt' },
  ): void {
    const cause = failureCauseOf(outcome);
    this.#options.metrics.failedCalls.inc({ connector: connectorId, cause });
    this.#lastFailures.set(connectorId, { cause, status, reason: message });
  }

  /** Nobody waits for the call any more. */
  abandoned({ gate }: GateCall): void {
    gate.ended({ circuit: 'abandoned', pressure: 'none', durationMs: undefined, pauseMs: undefined });
    gate.pump();
    this.#slots.serve();
  }

  #settleBulk({ gate, deliveries }: GateCall, outcome: ApiOutcome, verdict: Verdict, nowMs: number): void {
    const deliveryIds = deliveries.map(({ deliveryId }) => deliveryId);
    const outcomes = readBulkOutcomes(outcome, deliveryIds);
    if (outcomes !== undefined) {
      for (const [index, delivery] of deliveries.entries()) {
        const own = outcomes[index];
        if (own !== undefined)
          delivery.handler.settle(delivery, classifyResponse(own, this.#options.clock.nowMs()), nowMs);
      }
      return;
    }
    if (verdict.kind === 'rejected') {
      // The call as a whole, not one command: each is called for in another way, and its attempts stay as they are.
      if (verdict.status === 413) gate.shrinkBulk();
      else if (verdict.status === 404 || verdict.status === 405 || verdict.status === 501) gate.endBulk();
      for (const delivery of deliveries) {
        if (verdict.status !== 413 || deliveries.length === 1) delivery.isSingle = true;
        if (!delivery.isOver) delivery.queueAgain();
      }
      return;
    }
    for (const delivery of deliveries) delivery.handler.settle(delivery, verdict, nowMs);
  }

  #judge(verdict: Verdict, durationMs: number): CallResult {
    switch (verdict.kind) {
      case 'delivered':
      case 'rejected':
        return { circuit: 'success', pressure: 'none', durationMs, pauseMs: undefined };
      case 'halt':
        return { circuit: 'refusal', pressure: 'none', durationMs: undefined, pauseMs: undefined };
      case 'retry': {
        const { reason, status, afterMs } = verdict;
        const isThrottled = status === 429 || status === 503;
        const isWork = reason === 'in-progress' || reason === 'rate-limited' || reason === 'request-timeout';
        return {
          circuit: isWork ? 'success' : 'failure',
          pressure: isThrottled ? 'throttled' : reason === 'timeout' ? 'timeout' : 'none',
          durationMs: undefined,
          pauseMs: isThrottled && afterMs !== undefined ? Math.min(afterMs, this.#options.maxRetryAfterMs) : undefined,
        };
      }
    }
  }

  #tell(gate: ConnectorGate<Delivery>, before: ConnectorGate<Delivery>['circuit']): void {
    const { logger } = this.#options;
    const connectorId = gate.id;
    const { circuit } = gate;
    if (circuit.kind === 'closed' && before.kind !== 'closed') {
      logger.info({ connectorId }, "circuit closed: calls to the connector's API resumed");
    } else if (circuit.kind === 'open' && before.kind === 'closed') {
      const failure = this.#lastFailures.get(connectorId);
      if (circuit.cause === 'halted') {
        logger.error(
          { connectorId, ...failure },
          "circuit opened: the API refuses the connector's key; its commands wait until the key works",
        );
      } else {
        logger.warn(
          { connectorId, ...failure },
          "circuit opened: calls to the connector's API fail; its commands wait until a probe succeeds",
        );
      }
    }
  }

  #watch(): void {
    const dueMs = this.#pausing.nextDueMs;
    if (dueMs === undefined || (this.#alarmAtMs !== undefined && this.#alarmAtMs <= dueMs)) return;
    const { clock } = this.#options;
    this.#alarmAtMs = dueMs;
    clock.sleep(dueMs - clock.monotonicMs(), this.#closing.signal).then(
      () => {
        if (this.#alarmAtMs !== dueMs) return;
        this.#alarmAtMs = undefined;
        const nowMs = clock.monotonicMs();
        for (let due = this.#pausing.take(nowMs); due !== undefined; due = this.#pausing.take(nowMs)) {
          if (due.isPausing) due.queueAgain();
        }
        this.#watch();
      },
      () => undefined,
    );
  }
}

/** A call for one command or many, from its start to its answer. */
class GateCall implements ApiCallReceiver, CallUnderWay {
  readonly gate: ConnectorGate<Delivery>;
  readonly deliveries: readonly Delivery[];
  readonly startedAtMs: number;
  readonly isBulk: boolean;
  readonly #dispatch: Dispatch;
  #left = 0;
  #call: ApiCall | undefined;

  constructor(dispatch: Dispatch, gate: ConnectorGate<Delivery>, deliveries: readonly Delivery[], startedAtMs: number) {
    this.#dispatch = dispatch;
    this.gate = gate;
    this.deliveries = deliveries;
    this.startedAtMs = startedAtMs;
    // One that must go alone, or happens to, goes as a call of its own kind.
    this.isBulk = deliveries.length > 1;
  }

  started(call: ApiCall): void {
    this.#call = call;
  }

  onOutcome(outcome: ApiOutcome): void {
    this.#dispatch.answered(this, outcome);
  }

  leave(): void {
    this.#left += 1;
    if (this.#left < this.deliveries.length) return;
    this.#call?.abort();
    this.#dispatch.abandoned(this);
  }
}
