import type { Logger } from '@astrolabe/service-kit';
import type { Circuit } from '../core/circuit.ts';
import type { ApiOutcome, Verdict } from '../core/classify-response.ts';
import { failureCauseOf } from '../core/failure-cause.ts';
import type { DispatcherMetrics } from '../dispatcher-metrics.ts';

interface Failure {
  readonly cause: string;
  readonly status: number | undefined;
  /** What the API or the network said. */
  readonly reason: string;
}

/**
 * Counts calls that failed, and says once when a connector's circuit opens, with the cause, and once when it closes.
 */
export class CircuitReporter {
  readonly #logger: Logger;
  readonly #failedCalls: DispatcherMetrics['failedCalls'];
  /** Why the last call failed, by connector. */
  readonly #lastFailures = new Map<string, Failure>();

  constructor(logger: Logger, { failedCalls }: Pick<DispatcherMetrics, 'failedCalls'>) {
    this.#logger = logger;
    this.#failedCalls = failedCalls;
  }

  /** To be called before `ended` of the limiter, which may open the circuit for it. */
  noteFailure(
    connectorId: string,
    outcome: ApiOutcome,
    { status, message }: Verdict & { kind: 'retry' | 'halt' },
  ): void {
    const cause = failureCauseOf(outcome);
    this.#failedCalls.inc({ connector: connectorId, cause });
    this.#lastFailures.set(connectorId, { cause, status, reason: message });
  }

  circuitChanged(connectorId: string, before: Circuit, after: Circuit): void {
    if (after.kind === 'closed' && before.kind !== 'closed') {
      this.#logger.info({ connectorId }, "circuit closed: calls to the connector's API resumed");
    } else if (after.kind === 'open' && before.kind === 'closed') {
      this.#opened(connectorId, after.cause === 'halted');
    }
  }

  #opened(connectorId: string, isHalted: boolean): void {
    const failure = this.#lastFailures.get(connectorId);
    if (isHalted) {
      this.#logger.error(
        { connectorId, ...failure },
        "circuit opened: the API refuses the connector's key; its commands wait until the key works",
      );
      return;
    }
    this.#logger.warn(
      { connectorId, ...failure },
      "circuit opened: calls to the connector's API fail; its commands wait until a probe succeeds",
    );
  }
}
