/**
 * One command record from its start to its end, in the order of this file; the states are those of
 * `core/command-states.ts`. The order of effects is the guarantee:
 *
 * 1. In its connector's turn of the event loop, decode it and ask the delivery ledger: what has ended is not called for
 *    again.
 * 2. Call the API with the command's id as idempotency key, again and again while that may help: at most one effect,
 *    however often.
 * 3. If no call can help, store the dead letter; the brokers have it before the next step.
 * 4. Record in the ledger what became of it; every later owner of the partition knows of it once that is acknowledged.
 *    The next command of the key may start.
 * 5. Only now is the record finished, and its offset may be committed.
 *
 * A crash anywhere repeats from 1: the ledger knows the command, or the API recognises the key.
 */
import { deliveryIdOf } from '@astrolabe/ledger';
import type { LaneHandler, LaneTask, PartitionSession } from '@astrolabe/processing';
import { headerNames, headerText, toDeadLetter, type RecordProducer } from '@astrolabe/records';
import type { CommandDecoder, DecodedCommand } from '@astrolabe/records/serde';
import { createRetrier, isRetryableFault, retryPolicies, type Logger, type Retrier } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import type { CallScheduler } from '../calls/call-scheduler.ts';
import type { AnswerTime } from '../calls/scheduled-command.ts';
import type { Verdict } from '../core/classify-response.ts';
import { nextStep, type RetryPolicy } from '../core/next-step.ts';
import { isEndOf, knownOutcomeOf, type ReplayOutcome } from '../core/replay/known-outcome.ts';
import type { DispatcherMetrics } from '../dispatcher-metrics.ts';
import type { DeliveryLedger, DeliveryRecord } from './delivery-ledger.ts';
import {
  budgetFromMs,
  firstAttemptAtMs,
  InFlightCommand,
  type Attempts,
  type CommandOwner,
} from './in-flight-command.ts';
import { OutcomeStore, type StoredOutcomes } from './outcome-store.ts';
import { toRefusal, type Refusal } from './refusal.ts';

export interface CommandLifecycleOptions {
  readonly scheduler: CallScheduler;
  readonly session: PartitionSession;
  readonly ledger: DeliveryLedger;
  readonly decoder: CommandDecoder;
  readonly deadLetters: RecordProducer;
  readonly deadLetterTopic: string;
  readonly groupId: string;
  readonly policy: RetryPolicy;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: DispatcherMetrics;
}

/** No connector has a longer id; a foreign producer may write one, which the ledger would have no room for. */
const MAX_ID_CHARACTERS = 63;

type OutcomeLabels = Readonly<Record<'connector' | 'kind' | 'outcome' | 'reason', string>>;
type Task = LaneTask<InFlightCommand>;

/** Takes the records of a partition through their states, while the partition is assigned here. */
export class CommandLifecycle implements LaneHandler<InFlightCommand>, CommandOwner, StoredOutcomes {
  readonly #options: CommandLifecycleOptions;
  readonly #outcomes: OutcomeStore;
  readonly #retrier: Retrier;

  constructor(options: CommandLifecycleOptions) {
    this.#options = options;
    this.#outcomes = new OutcomeStore(options.ledger, this);
    this.#retrier = createRetrier(options);
  }

  // decoding

  start(task: Task): void {
    const command = new InFlightCommand(task, this);
    task.state = command;
    this.#options.scheduler.start(task.connectorId, command);
  }

  started(command: InFlightCommand): void {
    try {
      const decoded = this.#options.decoder.decode(command.task.record.value);
      if ('kind' in decoded) this.#decoded(command, decoded);
      else void this.#decodeLater(command, decoded);
    } catch (fault) {
      this.fail(command, fault);
    }
  }

  /** Its schema is not known yet. */
  async #decodeLater(command: InFlightCommand, first: Promise<DecodedCommand>): Promise<void> {
    const { value } = command.task.record;
    try {
      // Thousands wait for the first answer. Each with its retrier, all would listen to one signal, which looks through
      // its listeners for each that is added.
      const decoded = await first.catch((fault: unknown) => {
        if (!isRetryableFault(fault)) throw fault;
        return this.#retry('looking up a schema', async () => this.#options.decoder.decode(value));
      });
      if (!command.isOver) this.#decoded(command, decoded);
    } catch (fault) {
      this.fail(command, fault);
    }
  }

  #decoded(command: InFlightCommand, decoded: DecodedCommand): void {
    if (decoded.kind === 'undecodable') return this.deadLetter(command, decoded.code, decoded.reason);
    const { record } = decoded.command;
    const { task } = command;
    command.decode(decoded.command, deliveryIdOf(task.record, record.commandId));
    let known: DeliveryRecord | undefined;
    try {
      known = this.#options.ledger.lookup(command.deliveryId);
    } catch (fault) {
      return this.fail(command, fault);
    }
    if (known !== undefined && isEndOf(known, command.ledgerRecord)) return this.#known(command, known);
    command.continueAfter(this.#options.ledger.attempts(command.deliveryId));
    if (this.#options.scheduler.isKnown(record.connectorId)) return this.#wait(command);
    const message = `no connector has the id ${record.connectorId.slice(0, MAX_ID_CHARACTERS)}`;
    this.deadLetter(command, 'command.connector-unknown', message);
  }

  /** The ledger has it: no call is made. */
  #known(command: InFlightCommand, known: DeliveryRecord): void {
    if (command.isReplayed) {
      command.outcome = knownOutcomeOf(known, command.ledgerRecord);
    } else {
      const { metrics } = this.#options;
      const connector = this.#labelOf(command.connectorId);
      metrics.ledgerHits.inc({ connector });
      metrics.commands.inc({ connector, kind: command.command.kind, outcome: 'duplicate', reason: 'ledger' });
    }
    if (this.#outcomes.isDurable(command)) return this.#finish(command);
    command.enter('storing');
    command.task.release();
  }

  // waiting, calling, pausing

  #wait(command: InFlightCommand): void {
    command.enter('waiting');
    this.#options.scheduler.submit(command);
  }

  /** After a pause, while the key is refused, and where a bulk call was refused as such. */
  callAgain(command: InFlightCommand): void {
    command.enter('waiting');
    this.#options.scheduler.resubmit(command);
    command.task.waits();
  }

  answered(command: InFlightCommand, attempts: Attempts, verdict: Verdict, time: AnswerTime): void {
    const { policy, random, metrics } = this.#options;
    const history = { attempts: attempts.count, budgetFromMs: budgetFromMs(attempts) };
    const step = nextStep(verdict, history, policy, time.nowMs, random());
    switch (step.kind) {
      case 'done':
        return this.#delivered(command, step.duplicate, time.atMs);
      case 'dead-letter':
        return this.#startDeadLetter(command, toRefusal(step, attempts));
      case 'halt':
        metrics.retries.inc({ connector: command.connectorId, reason: 'halted' });
        return this.callAgain(command);
      case 'wait':
        metrics.retries.inc({ connector: command.connectorId, reason: step.reason });
        this.#recordAttempts(command, attempts, time.nowMs + step.delayMs);
        this.#pause(command, time.nowMs + step.delayMs);
        return command.task.waits();
    }
  }

  /** The pause is charged before it begins: else a process that crashes in each would retry without end. */
  #recordAttempts(command: InFlightCommand, attempts: Attempts, untilMs: number): void {
    this.#options.ledger.recordAttempts({
      commandId: command.deliveryId,
      offset: command.recordedOffset,
      count: attempts.count,
      firstAtMs: firstAttemptAtMs(attempts),
      spentMs: Math.ceil(untilMs - budgetFromMs(attempts)),
      atMs: attempts.last.atMs,
    });
  }

  #pause(command: InFlightCommand, untilMs: number): void {
    command.enter('pausing');
    this.#options.scheduler.retryAt(command, untilMs);
  }

  // dead-lettering

  deadLetter(command: InFlightCommand, code: ErrorCode, message: string): void {
    this.#startDeadLetter(command, toRefusal({ code, message, status: undefined }, command.attempts));
  }

  #startDeadLetter(command: InFlightCommand, refusal: Refusal): void {
    command.enter('dead-lettering');
    this.#storeDeadLetter(command, refusal).catch((fault: unknown) => {
      this.fail(command, fault);
    });
  }

  async #storeDeadLetter(command: InFlightCommand, refusal: Refusal): Promise<void> {
    const { deadLetters, deadLetterTopic, groupId, clock, logger } = this.#options;
    const { task, decoded } = command;
    const { record } = task;
    const deadLetter = toDeadLetter(record, { ...refusal, group: groupId, atMs: clock.nowMs() });
    await this.#retry('storing a dead letter', () => deadLetters.send(deadLetterTopic, [deadLetter]));
    const { topic, partition, offset } = record;
    const { code, message, status } = refusal;
    logger.warn({ topic, partition, offset: offset.toString(), code, reason: message }, 'dead-lettered');
    const connector = this.#labelOf(decoded?.record.connectorId ?? headerText(record, headerNames.connectorId) ?? '');
    const kind = decoded?.kind ?? 'unknown';
    this.#count(command, 'deadLettered', { connector, kind, outcome: 'dead-lettered', reason: code });
    if (command.isOver) return;
    // What cannot be decoded has no id to be known by: read again, it is a dead letter again.
    if (decoded === undefined) return this.#finish(command);
    this.#store(command, { outcome: 'dead-lettered', status, atMs: clock.nowMs() });
  }

  // storing

  #delivered(command: InFlightCommand, isDuplicate: boolean, atMs: number): void {
    const { metrics } = this.#options;
    const { kind, record } = command.command;
    const connector = record.connectorId;
    const outcome = isDuplicate ? 'duplicate' : 'delivered';
    this.#count(command, outcome, { connector, kind, outcome, reason: '' });
    // What is replayed was received long ago; how fresh live traffic is would not be seen any more.
    if (headerText(command.task.record, headerNames.replayId) === undefined) {
      metrics.freshness.observe({ connector }, Math.max(0, atMs - record.receivedAt) / 1_000);
    }
    this.#store(command, { outcome, status: 200, atMs });
  }

  #store(command: InFlightCommand, outcome: Pick<DeliveryRecord, 'outcome' | 'status' | 'atMs'>): void {
    command.enter('storing');
    command.dropBulkItem();
    const { task, deliveryId } = command;
    const connectorId = command.connectorId.slice(0, MAX_ID_CHARACTERS);
    // Before the next command of the key starts: it may be the same one again, which has to find the first.
    this.#outcomes.record(command, { commandId: deliveryId, connectorId, offset: command.recordedOffset, ...outcome });
    task.release();
  }

  /** Each record once: those of replays are counted by their replay. */
  #count(command: InFlightCommand, outcome: ReplayOutcome, labels: OutcomeLabels): void {
    if (command.isReplayed) command.outcome = outcome;
    else {
      this.#options.metrics.commands.inc(labels);
      if (outcome === 'deadLettered') this.#options.metrics.deadLetters.inc({ code: labels.reason });
    }
  }

  durable(command: InFlightCommand): void {
    if (!command.isOver) this.#finish(command);
  }

  // finished, failed, cancelled

  /** The one line after which a record may be forgotten. */
  #finish(command: InFlightCommand): void {
    command.enter('finished');
    command.task.finish();
  }

  fail(command: InFlightCommand, fault: unknown): void {
    // Of a partition that has moved away, its next owner sees to the record.
    if (command.isOver || this.#options.session.signal.aborted) return;
    command.enter('failed');
    command.task.fail(fault);
  }

  /** Gives up a command unless its effect is under way, or it is over. */
  withdraw({ state: command }: Task): boolean {
    if (command === undefined) return true;
    if (!command.onlyWaits) return false;
    this.#cancel(command);
    return true;
  }

  /** Gives up a command whose end is not waited for any more. */
  abort({ state: command }: Task): void {
    if (command !== undefined && !command.isOver) this.#cancel(command);
  }

  #cancel(command: InFlightCommand): void {
    const { isWaiting } = command;
    command.enter('cancelled');
    if (isWaiting) this.#options.scheduler.cancelled(command);
    command.leaveCall();
  }

  isBlocked(connectorId: string): boolean {
    return this.#options.scheduler.isBlocked(connectorId);
  }

  #labelOf(connectorId: string): string {
    return this.#options.scheduler.isKnown(connectorId) ? connectorId : 'unknown';
  }

  #retry<T>(doing: string, action: () => Promise<T>): Promise<T> {
    const { signal } = this.#options.session;
    return this.#retrier(doing, action, { policy: retryPolicies.command, signal });
  }
}
