/**
 * Makes the calls for the commands of all partitions: each passes the limiter of its connector. One for the process.
 */
import type { Logger } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { Connector, ConnectorDirectory } from '@astrolabe/service-kit/connectors';
import { readBulkOutcomes, toBulkRequest } from '../core/bulk-request.ts';
import { abandonedCall, notCalled, toCallResult } from '../core/call-result.ts';
import { classifyResponse, type ApiOutcome, type Verdict } from '../core/classify-response.ts';
import { initialCeiling, nextCeiling, type CallCeiling, type CeilingBounds } from '../core/turns/call-ceiling.ts';
import type { DispatcherMetrics } from '../dispatcher-metrics.ts';
import { Bulkhead } from '../limits/bulkhead.ts';
import { ConnectorLimiter } from '../limits/connector-limiter.ts';
import type { LimiterPolicy } from '../limits/limiter-policy.ts';
import type { ApiClient } from './api-client.ts';
import { CircuitReporter } from './circuit-reporter.ts';
import { LoopTurns, type TurnWork } from './loop-turns.ts';
import { RetryTimer } from './retry-timer.ts';
import { ScheduledCall, type CallEnd } from './scheduled-call.ts';
import type { AnswerTime, PausableCommand, ScheduledCommand } from './scheduled-command.ts';

export interface CallSchedulerOptions {
  readonly apiClient: ApiClient;
  /** The connectors of the moment; asked for each call, so that a change takes effect with the next. */
  readonly connectors: () => Pick<ConnectorDirectory, 'byId'>;
  /** Asked for a limiter's first policy, and again at `connectorsChanged` and `sharesChanged`. */
  readonly policyOf: (connectorId: string) => LimiterPolicy;
  /** Calls in flight of all connectors. */
  readonly maxCalls: number;
  /** The longest pause of a whole connector that the API's `Retry-After` is obeyed for. */
  readonly maxRetryAfterMs: number;
  readonly clock: Clock;
  /** Runs a function in the next turn of the event loop: `setImmediate`. */
  readonly inNextTurn: (run: () => void) => void;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: DispatcherMetrics;
}

/** Of all connectors together, however long the turns of the event loop are. */
const MIN_SHARED_CALLS = 16;

type Limiter = ConnectorLimiter<ScheduledCommand>;

/** In place of a connector, for work that is of none: ids of connectors are not empty. */
const REPLAYS = '';

export class CallScheduler implements CallEnd {
  readonly #options: CallSchedulerOptions;
  readonly #limiters = new Map<string, Limiter>();
  readonly #bulkhead: Bulkhead;
  readonly #retries: RetryTimer<PausableCommand>;
  readonly #turns: LoopTurns;
  readonly #ceilingBounds: CeilingBounds;
  #ceiling: CallCeiling;
  readonly #reporter: CircuitReporter;
  readonly #closing = new AbortController();

  constructor(options: CallSchedulerOptions) {
    const { clock, logger, metrics, maxCalls, inNextTurn } = options;
    this.#options = options;
    this.#bulkhead = new Bulkhead(maxCalls);
    this.#reporter = new CircuitReporter(logger, metrics);
    this.#ceilingBounds = { min: Math.min(MIN_SHARED_CALLS, maxCalls), max: maxCalls };
    this.#ceiling = initialCeiling(maxCalls);
    this.#turns = new LoopTurns({
      clock,
      inNextTurn,
      isShared: () => this.#limiters.size > 1,
      onTurnOver: (turnMs) => this.#turnOver(turnMs),
    });
    this.#retries = new RetryTimer({
      clock,
      signal: this.#closing.signal,
      onDue: (command) => command.onPauseOver(),
    });
  }

  limiters(): Iterable<Limiter> {
    return this.#limiters.values();
  }

  limiterOf(connectorId: string): Limiter {
    let limiter = this.#limiters.get(connectorId);
    if (limiter === undefined) {
      const { clock, random, policyOf } = this.#options;
      limiter = new ConnectorLimiter<ScheduledCommand>({
        connectorId,
        policy: policyOf(connectorId),
        bulkhead: this.#bulkhead,
        clock,
        random,
        signal: this.#closing.signal,
        call: (limiter, commands) => this.#call(limiter, commands),
        onCircuit: (...change) => this.#reporter.circuitChanged(...change),
      });
      this.#limiters.set(connectorId, limiter);
    }
    return limiter;
  }

  /**
   * False for ids that only a foreign producer knows: their number has no bound, so they get neither a limiter nor a
   * metric.
   */
  isKnown(connectorId: string): boolean {
    return this.#limiters.has(connectorId) || this.#options.connectors().byId(connectorId) !== undefined;
  }

  isBlocked(connectorId: string): boolean {
    return this.#limiters.get(connectorId)?.isBlocked() ?? false;
  }

  /** Connectors were changed: their policies, and maybe a key, which need not wait for the next probe. */
  connectorsChanged(): void {
    for (const limiter of this.#limiters.values()) {
      limiter.adopt(this.#options.policyOf(limiter.connectorId));
      limiter.probeNow();
    }
  }

  /** This instance's share of the connectors' limits has changed. */
  sharesChanged(): void {
    for (const limiter of this.#limiters.values()) limiter.adopt(this.#options.policyOf(limiter.connectorId));
  }

  close(): void {
    this.#closing.abort(new Error('the dispatcher closes'));
  }

  /** Starts a command now or in a later turn of the event loop: it calls `onTurn` once. */
  start(connectorId: string, work: TurnWork): void {
    this.#turns.add(connectorId, 'start', work);
  }

  /** Does a part of a replay's work when nothing live waits, now or in a later turn of the event loop. */
  replay(work: () => void): void {
    this.#turns.add(REPLAYS, 'start', { isReplayed: true, onTurn: work });
  }

  /** For how long replayed commands have waited for live ones, all connectors together. */
  wayGivenMs(nowMs: number): number {
    let totalMs = 0;
    for (const limiter of this.#limiters.values()) totalMs += limiter.wayGivenMs(nowMs);
    return totalMs;
  }

  submit(command: ScheduledCommand): void {
    this.limiterOf(command.connectorId).submit(command);
  }

  /** A command that was called for before: it goes first. */
  resubmit(command: ScheduledCommand): void {
    this.limiterOf(command.connectorId).resubmit(command);
  }

  /** A command that was submitted `isWaiting` no longer. */
  cancelled(command: ScheduledCommand): void {
    this.limiterOf(command.connectorId).cancelled(command);
  }

  /** Calls `onPauseOver` of the command at a time of the monotonic clock. */
  retryAt(command: PausableCommand, dueMs: number): void {
    this.#retries.add(command, dueMs);
  }

  #call(limiter: Limiter, commands: readonly ScheduledCommand[]): void {
    const { connectors, apiClient, clock } = this.#options;
    const { connectorId } = limiter;
    const connector = connectors().byId(connectorId);
    if (!connector?.enabled) return this.#refuse(limiter, connector, commands);
    const call = new ScheduledCall(connectorId, commands, clock.monotonicMs(), this);
    for (const command of commands) command.onCall(call);
    const [first] = commands;
    if (first === undefined) throw new Error('a call is made for no command');
    const request = call.isBulk ? toBulkRequest(commands.map((command) => command.toBulkItem())) : first.toRequest();
    call.started(apiClient.call(request, connector.apiKey, call, commands));
  }

  #refuse(limiter: Limiter, connector: Connector | undefined, commands: readonly ScheduledCommand[]): void {
    const { connectorId } = limiter;
    const [code, message] =
      connector === undefined
        ? (['command.connector-unknown', `no connector has the id ${connectorId}`] as const)
        : (['command.connector-disabled', `connector ${connectorId} is switched off`] as const);
    limiter.ended(notCalled);
    for (const command of commands) command.onRefused(code, message);
    this.#bulkhead.serveNext();
  }

  #turnOver(turnMs: number): void {
    this.#ceiling = nextCeiling(this.#ceiling, turnMs, this.#ceilingBounds);
    this.#bulkhead.setCeiling(this.#ceiling.calls);
  }

  answered(call: ScheduledCall): void {
    this.#turns.add(call.connectorId, 'answer', call);
  }

  abandoned({ connectorId }: ScheduledCall): void {
    const limiter = this.limiterOf(connectorId);
    limiter.ended(abandonedCall);
    limiter.pump();
    this.#bulkhead.serveNext();
  }

  settle(call: ScheduledCall): void {
    // It was given up while its answer waited for a turn, and counted then.
    if (call.isAbandoned) return;
    const { clock, metrics, maxRetryAfterMs } = this.#options;
    const { connectorId, startedAtMs, outcome } = call;
    const limiter = this.limiterOf(connectorId);
    const nowMs = clock.monotonicMs();
    const durationMs = nowMs - startedAtMs;
    metrics.callDuration.observe({ connector: connectorId }, durationMs / 1_000);
    // A date in Retry-After is one of the wall clock.
    const atMs = clock.nowMs();
    const verdict = classifyResponse(outcome, atMs);
    if (verdict.kind === 'retry' || verdict.kind === 'halt') this.#reporter.noteFailure(connectorId, outcome, verdict);
    limiter.ended(toCallResult(verdict, durationMs, maxRetryAfterMs));
    this.#settleOrFail(call, outcome, verdict, { nowMs, atMs, haltedMs: limiter.haltedMs(nowMs) });
    limiter.pump();
    this.#bulkhead.serveNext();
  }

  /** Thrown on, a fault would be taken for one of the HTTP client's, which hides it. */
  #settleOrFail(call: ScheduledCall, outcome: ApiOutcome, verdict: Verdict, time: AnswerTime): void {
    try {
      if (call.isBulk) this.#settleBulk(call, outcome, verdict, time);
      else for (const command of call.commands) command.onAnswer(verdict, time);
    } catch (fault) {
      for (const command of call.commands) command.onFault(fault);
    }
  }

  #settleBulk({ commands, connectorId }: ScheduledCall, outcome: ApiOutcome, verdict: Verdict, time: AnswerTime): void {
    const deliveryIds = commands.map(({ deliveryId }) => deliveryId);
    const ownOutcomes = readBulkOutcomes(outcome, deliveryIds);
    if (ownOutcomes === undefined) {
      if (verdict.kind === 'rejected') return this.#bulkRefused(connectorId, commands, verdict.status);
      for (const command of commands) command.onAnswer(verdict, time);
      return;
    }
    for (const [index, command] of commands.entries()) {
      const own = ownOutcomes[index];
      if (own === undefined) throw new Error('a bulk call has fewer outcomes than commands');
      command.onAnswer(classifyResponse(own, time.atMs), time);
    }
  }

  /** The API refuses the call, not its commands: each is called for in another way, and no attempt is counted. */
  #bulkRefused(connectorId: string, commands: readonly ScheduledCommand[], status: number): void {
    const limiter = this.limiterOf(connectorId);
    const isTooLarge = status === 413;
    if (isTooLarge) limiter.shrinkBulk();
    else if (status === 404 || status === 405 || status === 501) limiter.endBulk();
    for (const command of commands) command.onBulkRefused(!isTooLarge);
  }
}
