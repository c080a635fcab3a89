/**
 * One command record to its end. The order of effects is the guarantee:
 *
 * 1. Call the API with the command's id as idempotency key, again and again while that may help: at most one effect, however often.
 * 2. If no call can help, store the dead letter; the brokers have it before this resolves.
 * 3. Count, and resolve: only now may the offset be committed.
 *
 * A crash anywhere repeats from 1, and the API recognises the key.
 */
import {
  headerNames,
  headerText,
  toDeadLetter,
  unlessAborted,
  type CommandDecoder,
  type ConsumedRecord,
  type DecodedCommand,
  type DeadLetterCause,
  type RecordProducer,
} from '@astrolabe/kafka';
import type { Command } from '@astrolabe/schemas';
import {
  fullJitterDelayMs,
  isPipelineError,
  type Clock,
  type ConnectorDirectory,
  type ErrorCode,
  type Logger,
} from '@astrolabe/service-kit';
import type { ApiClient } from './api-client.ts';
import { CallSlots } from './call-slots.ts';
import { toApiRequest } from './core/api-request.ts';
import { classifyResponse, type Verdict } from './core/classify-response.ts';
import { nextStep, type RetryPolicy } from './core/next-step.ts';
import type { DispatcherMetrics } from './dispatcher-metrics.ts';

export interface DispatchHandlerOptions {
  readonly apiClient: ApiClient;
  /** The connectors of the moment; asked for each call, so that a change takes effect with the next. */
  readonly connectors: () => Pick<ConnectorDirectory, 'byId'>;
  readonly decoder: CommandDecoder;
  readonly deadLetters: RecordProducer;
  readonly deadLetterTopic: string;
  readonly groupId: string;
  readonly policy: RetryPolicy;
  /** Calls in flight for each connector. */
  readonly maxConcurrentCalls: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: DispatcherMetrics;
}

export type DispatchHandler = (record: ConsumedRecord, signal: AbortSignal) => Promise<void>;

type Refusal = { readonly kind: 'dead-letter' } & Omit<DeadLetterCause, 'group' | 'atMs'>;

/** The end of a record. */
type Ending = { readonly kind: 'delivered'; readonly duplicate: boolean; readonly receivedAtMs: number } | Refusal;

/** What came of the call, or why there is nobody to call for. */
type Attempt = { readonly kind: 'called'; readonly verdict: Verdict } | Refusal;

export function createDispatchHandler(options: DispatchHandlerOptions): DispatchHandler {
  const handler = new Handler(options);
  return (record, signal) => handler.handle(record, signal);
}

class Handler {
  readonly #options: DispatchHandlerOptions;
  readonly #slots = new Map<string, CallSlots>();

  constructor(options: DispatchHandlerOptions) {
    this.#options = options;
  }

  async handle(record: ConsumedRecord, signal: AbortSignal): Promise<void> {
    const { metrics, clock } = this.#options;
    const decoded = await this.#decode(record, signal);
    if (decoded.kind === 'undecodable') {
      const connector = headerText(record, headerNames.connectorId) ?? 'unknown';
      await this.#giveUp(record, { code: decoded.code, message: decoded.reason }, signal);
      metrics.commands.inc({ connector, kind: 'unknown', outcome: 'dead-lettered', reason: decoded.code });
      return;
    }
    const { command } = decoded;
    const connector = command.record.connectorId;
    const ending = await this.#deliver(command, signal);
    if (ending.kind === 'dead-letter') {
      await this.#giveUp(record, ending, signal);
      metrics.commands.inc({ connector, kind: command.kind, outcome: 'dead-lettered', reason: ending.code });
      return;
    }
    metrics.commands.inc({
      connector,
      kind: command.kind,
      outcome: ending.duplicate ? 'duplicate' : 'delivered',
      reason: '',
    });
    metrics.freshness.observe({ connector }, Math.max(0, clock.nowMs() - ending.receivedAtMs) / 1_000);
  }

  async #deliver(command: Command, signal: AbortSignal): Promise<Ending> {
    const { clock, policy, random, metrics } = this.#options;
    const { connectorId, receivedAt } = command.record;
    const firstAttemptAtMs = clock.nowMs();
    let budgetFromMs = firstAttemptAtMs;
    for (let attempts = 1; ; attempts += 1) {
      const attempt = await this.#attempt(command, signal);
      if (attempt.kind === 'dead-letter') {
        // What nobody calls for any more is not halted: the alert would stay on for ever.
        this.#endHalt(connectorId);
        return attempts === 1 ? attempt : { ...attempt, deliveryCount: attempts - 1, firstAttemptAtMs };
      }
      const { verdict } = attempt;
      this.#noteHalt(connectorId, verdict);
      const step = nextStep(verdict, { attempts, budgetFromMs }, policy, clock.nowMs(), random());
      switch (step.kind) {
        case 'done':
          return { kind: 'delivered', duplicate: step.duplicate, receivedAtMs: receivedAt };
        case 'dead-letter': {
          const { code, message, status } = step;
          return {
            kind: 'dead-letter',
            code,
            message,
            deliveryCount: attempts,
            firstAttemptAtMs,
            ...(status === undefined ? {} : { status }),
          };
        }
        case 'wait':
          metrics.retries.inc({ connector: connectorId, reason: verdict.kind === 'retry' ? verdict.reason : 'halted' });
          await clock.sleep(step.delayMs, signal);
          // The customer's days of waiting for a key are not held against the command: the first trouble after them would be its end.
          if (verdict.kind === 'halt') budgetFromMs = clock.nowMs();
      }
    }
  }

  /** The slot is held for the call only: a command that waits for its next attempt keeps nobody else from theirs. */
  #attempt(command: Command, signal: AbortSignal): Promise<Attempt> {
    const { apiClient, clock, connectors, metrics, maxConcurrentCalls } = this.#options;
    const { connectorId } = command.record;
    let slots = this.#slots.get(connectorId);
    if (slots === undefined) this.#slots.set(connectorId, (slots = new CallSlots(maxConcurrentCalls)));
    return slots.run(async () => {
      // Looked up once the slot is there: waiting for it may have taken longer than the key was good for.
      const connector = connectors().byId(connectorId);
      if (connector === undefined) {
        return refusal('command.connector-unknown', `no connector has the id ${connectorId}`);
      }
      if (!connector.enabled) return refusal('command.connector-disabled', `connector ${connectorId} is switched off`);
      const startedAtMs = clock.nowMs();
      const outcome = await apiClient.call(toApiRequest(command), connector.apiKey, signal);
      const nowMs = clock.nowMs();
      metrics.callDuration.observe({ connector: connector.id }, (nowMs - startedAtMs) / 1_000);
      return { kind: 'called', verdict: classifyResponse(outcome, nowMs) };
    }, signal);
  }

  readonly #haltedConnectors = new Set<string>();

  #noteHalt(connectorId: string, verdict: Verdict): void {
    const { logger, metrics } = this.#options;
    if (verdict.kind === 'halt') {
      metrics.halted.set({ connector: connectorId }, 1);
      if (this.#haltedConnectors.has(connectorId)) return;
      this.#haltedConnectors.add(connectorId);
      logger.error(
        { connectorId, status: verdict.status },
        'the API refuses the key of the connector: its commands wait until the key works',
      );
    } else if (verdict.kind === 'delivered' && this.#endHalt(connectorId)) {
      logger.info({ connectorId }, 'the key of the connector works again');
    }
  }

  /** False where it was not halted. */
  #endHalt(connectorId: string): boolean {
    if (!this.#haltedConnectors.delete(connectorId)) return false;
    this.#options.metrics.halted.set({ connector: connectorId }, 0);
    return true;
  }

  async #decode(record: ConsumedRecord, signal: AbortSignal): Promise<DecodedCommand> {
    const { decoder } = this.#options;
    return this.#untilDone('looking up a schema', () => Promise.resolve(decoder.decode(record.value)), signal);
  }

  async #giveUp(
    record: ConsumedRecord,
    cause: Omit<DeadLetterCause, 'group' | 'atMs'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { deadLetters, deadLetterTopic, groupId, clock, logger } = this.#options;
    const letter = toDeadLetter(record, { ...cause, group: groupId, atMs: clock.nowMs() });
    await this.#untilDone('storing a dead letter', () => deadLetters.send(deadLetterTopic, [letter]), signal);
    const { topic, partition, offset } = record;
    logger.warn(
      { topic, partition, offset: offset.toString(), code: cause.code, reason: cause.message },
      'dead-lettered',
    );
  }

  /** Kafka or the registry being away is no fault of the record: its lane stands still until they are back. */
  async #untilDone<T>(doing: string, action: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { clock, random, logger } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await unlessAborted(action(), signal);
      } catch (error) {
        if (!isPipelineError(error) || !error.retryable) throw error;
        logger.warn({ err: error, attempt }, `${doing} did not work yet; it is tried again`);
      }
      await clock.sleep(fullJitterDelayMs({ attempt, baseMs: 200, maxMs: 10_000, random: random() }), signal);
    }
  }
}

function refusal(code: ErrorCode, message: string): Refusal {
  return { kind: 'dead-letter', code, message };
}
