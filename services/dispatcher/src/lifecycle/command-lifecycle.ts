/**
 * One command record to its end. The order of effects is the guarantee:
 *
 * 1. Look in the delivery ledger: what has ended is not called for again.
 * 2. Call the API with the command's id as idempotency key, again and again while that may help: at most one effect, however often.
 *    From its answer on, the next command of the key may start.
 * 3. If no call can help, store the dead letter; the brokers have it before the next step.
 * 4. Record in the ledger what became of it; every later owner of the partition knows of it once that is acknowledged.
 * 5. Only now may the offset be committed.
 *
 * A crash anywhere repeats from 1: the ledger knows it, or the API recognises the key.
 */
import {
  headerNames,
  headerText,
  toDeadLetter,
  unlessAborted,
  type CommandDecoder,
  type DeadLetterCause,
  type DecodedCommand,
  type LaneHandler,
  type LaneTask,
  type PartitionSession,
  type RecordProducer,
} from '@astrolabe/kafka';
import { deliveryIdOf } from '@astrolabe/ledger';
import { fullJitterDelayMs, isPipelineError, type Clock, type ErrorCode, type Logger } from '@astrolabe/service-kit';
import { nextStep, type RetryPolicy } from '../core/next-step.ts';
import type { Verdict } from '../core/classify-response.ts';
import { Delivery, type DeliveryOwner } from './in-flight-command.ts';
import type { DeliveryLedger, DeliveryRecord } from './delivery-ledger.ts';
import type { Dispatch } from '../calls/call-scheduler.ts';
import type { DispatcherMetrics } from '../dispatcher-metrics.ts';

export interface DispatchHandlerOptions {
  readonly dispatch: Dispatch;
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

type Refusal = Omit<DeadLetterCause, 'group' | 'atMs'>;
type Task = LaneTask<Delivery>;

/** Handles the records of one stay of a partition. */
export class DispatchHandler implements LaneHandler<Delivery>, DeliveryOwner {
  readonly #options: DispatchHandlerOptions;
  /** Deliveries that the ledger has not acknowledged yet: whoever meets one again must not commit before that. */
  readonly #storing = new Map<string, Promise<void>>();
  /** The newest of those that are stored together. */
  #together: { readonly storing: Promise<void>; readonly tasks: Task[]; readonly commandIds: string[] } | undefined;

  constructor(options: DispatchHandlerOptions) {
    this.#options = options;
  }

  start(task: Task): void {
    const delivery = new Delivery(task, this);
    task.state = delivery;
    const decoded = this.#options.decoder.decode(task.record.value);
    if ('kind' in decoded) this.#begin(delivery, decoded);
    else void this.#beginLater(delivery, decoded);
  }

  withdraw({ state }: Task): boolean {
    return state === undefined || state.withdraw();
  }

  abort({ state }: Task): void {
    state?.abort();
  }

  isBlocked(group: string): boolean {
    return this.#options.dispatch.isBlocked(group);
  }

  /** The connector is not there any more, or is switched off. */
  refuse(delivery: Delivery, code: ErrorCode, message: string): void {
    this.#giveUp(delivery, { code, message });
  }

  /** An answer for the command. `nowMs` is of the monotonic clock. */
  settle(delivery: Delivery, verdict: Verdict, nowMs: number): void {
    const { policy, random, metrics, dispatch, clock } = this.#options;
    const { gate } = delivery;
    if (gate === undefined || !delivery.countAttempt(nowMs, clock.nowMs())) return;
    const { attempts } = delivery;
    const step = nextStep(verdict, { attempts, budgetFromMs: delivery.budgetFromMs(nowMs) }, policy, nowMs, random());
    switch (step.kind) {
      case 'done':
        return this.#delivered(delivery, step.duplicate, clock.nowMs());
      case 'dead-letter': {
        const { code, message, status } = step;
        return this.#giveUp(delivery, { code, message, ...(status === undefined ? {} : { status }) });
      }
      case 'halt':
        metrics.retries.inc({ connector: gate.id, reason: 'halted' });
        return delivery.queueAgain();
      case 'wait':
        metrics.retries.inc({ connector: gate.id, reason: verdict.kind === 'retry' ? verdict.reason : 'halted' });
        delivery.pause();
        dispatch.retryAt(delivery, nowMs + step.delayMs);
    }
  }

  async #beginLater(delivery: Delivery, first: Promise<DecodedCommand>): Promise<void> {
    const { decoder, session } = this.#options;
    let decoding: Promise<DecodedCommand> | undefined = first;
    try {
      const decoded = await this.#untilDone('looking up a schema', () => {
        const attempt = decoding ?? Promise.resolve(decoder.decode(delivery.task.record.value));
        decoding = undefined;
        return attempt;
      });
      if (delivery.isOver) return;
      this.#begin(delivery, decoded);
    } catch (fault) {
      if (!session.signal.aborted && !delivery.isOver) delivery.task.fail(fault);
    }
  }

  #begin(delivery: Delivery, decoded: DecodedCommand): void {
    const { dispatch, ledger } = this.#options;
    if (decoded.kind === 'undecodable') return this.#giveUp(delivery, { code: decoded.code, message: decoded.reason });
    const { command } = decoded;
    const { connectorId } = command.record;
    const deliveryId = deliveryIdOf(delivery.task.record, command.record.commandId);
    let known: DeliveryRecord | undefined;
    try {
      known = ledger.lookup(deliveryId);
    } catch (fault) {
      return delivery.task.fail(fault);
    }
    // A dead letter that was sent in again stands behind its death and is to be tried again; one that is read again does not.
    if (known !== undefined && (known.outcome !== 'dead-lettered' || known.offset >= delivery.task.offset)) {
      return this.#known(delivery, command.kind, connectorId, deliveryId);
    }
    if (!dispatch.isKnown(connectorId)) {
      delivery.command = command;
      delivery.deliveryId = deliveryId;
      const message = `no connector has the id ${connectorId.slice(0, MAX_ID_CHARACTERS)}`;
      return this.#giveUp(delivery, { code: 'command.connector-unknown', message });
    }
    delivery.queue(command, deliveryId, dispatch.gateOf(connectorId));
  }

  /** What the ledger has is done, as soon as it is acknowledged. */
  #known({ task }: Delivery, kind: string, connectorId: string, deliveryId: string): void {
    const { metrics } = this.#options;
    const connector = this.#labelOf(connectorId);
    metrics.ledgerHits.inc({ connector });
    metrics.commands.inc({ connector, kind, outcome: 'duplicate', reason: 'ledger' });
    const storing = this.#storing.get(deliveryId);
    if (storing === undefined) return task.finish();
    task.release();
    storing.then(
      () => {
        task.finish();
      },
      (fault: unknown) => {
        this.#failUnlessOver(task, fault);
      },
    );
  }

  #delivered(delivery: Delivery, duplicate: boolean, nowMs: number): void {
    const { metrics } = this.#options;
    const { command, task, deliveryId } = delivery;
    if (command === undefined) return;
    const { connectorId, receivedAt } = command.record;
    const outcome = duplicate ? 'duplicate' : 'delivered';
    metrics.commands.inc({ connector: connectorId, kind: command.kind, outcome, reason: '' });
    // What is replayed was received long ago; how fresh live traffic is would not be seen any more.
    if (task.record.headers[headerNames.replayId] === undefined) {
      metrics.freshness.observe({ connector: connectorId }, Math.max(0, nowMs - receivedAt) / 1_000);
    }
    delivery.store();
    this.#record(task, { commandId: deliveryId, connectorId, outcome, status: 200, offset: task.offset, atMs: nowMs });
    task.release();
  }

  /** 4 and 5. */
  #record(task: Task, record: DeliveryRecord): void {
    const { commandId } = record;
    const storing = this.#options.ledger.record(record);
    this.#storing.set(commandId, storing);
    // Deliveries that are stored together have one promise, and so one reaction: each of its own would cost more than the rest of this.
    const together = this.#together;
    if (together?.storing === storing) {
      together.tasks.push(task);
      together.commandIds.push(commandId);
      return;
    }
    const tasks = [task];
    const commandIds = [commandId];
    const opened = { storing, tasks, commandIds };
    this.#together = opened;
    storing.then(
      () => {
        // Whoever gets a promise that has settled already must not wait for this reaction: it is over.
        if (this.#together === opened) this.#together = undefined;
        for (const id of commandIds) if (this.#storing.get(id) === storing) this.#storing.delete(id);
        for (const each of tasks) each.finish();
      },
      (fault: unknown) => {
        if (this.#together === opened) this.#together = undefined;
        for (const each of tasks) this.#failUnlessOver(each, fault);
      },
    );
  }

  #failUnlessOver(task: Task, fault: unknown): void {
    if (!this.#options.session.signal.aborted) task.fail(fault);
  }

  #giveUp(delivery: Delivery, refusal: Refusal): void {
    delivery.store();
    void this.#deadLetter(delivery, refusal).catch((fault: unknown) => {
      this.#failUnlessOver(delivery.task, fault);
    });
  }

  async #deadLetter(delivery: Delivery, refusal: Refusal): Promise<void> {
    const { deadLetters, deadLetterTopic, groupId, clock, logger, metrics } = this.#options;
    const { task, command, attempts, firstTriedAtMs, lastTriedAtMs } = delivery;
    const { record } = task;
    const tried =
      firstTriedAtMs === undefined || lastTriedAtMs === undefined
        ? {}
        : { deliveryCount: attempts, firstAttemptAtMs: firstTriedAtMs, lastAttemptAtMs: lastTriedAtMs };
    const letter = toDeadLetter(record, { ...refusal, ...tried, group: groupId, atMs: clock.nowMs() });
    await this.#untilDone('storing a dead letter', () => deadLetters.send(deadLetterTopic, [letter]));
    const { topic, partition, offset } = record;
    const { code, message, status } = refusal;
    logger.warn({ topic, partition, offset: offset.toString(), code, reason: message }, 'dead-lettered');
    const connector = this.#labelOf(command?.record.connectorId ?? headerText(record, headerNames.connectorId) ?? '');
    metrics.commands.inc({ connector, kind: command?.kind ?? 'unknown', outcome: 'dead-lettered', reason: code });
    // What is no command has no id to be known by: read again, it is a dead letter again.
    if (command === undefined) return task.finish();
    const { deliveryId: commandId } = delivery;
    const connectorId = command.record.connectorId.slice(0, MAX_ID_CHARACTERS);
    this.#record(task, { commandId, connectorId, outcome: 'dead-lettered', status, offset, atMs: clock.nowMs() });
  }

  #labelOf(connectorId: string): string {
    return this.#options.dispatch.isKnown(connectorId) ? connectorId : 'unknown';
  }

  /** Kafka or the registry being away is no fault of the record: its lane stands still until they are back. */
  async #untilDone<T>(doing: string, action: () => Promise<T>): Promise<T> {
    const { clock, random, logger, session } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await unlessAborted(action(), session.signal);
      } catch (error) {
        if (!isPipelineError(error) || !error.retryable) throw error;
        logger.warn({ err: error, attempt }, `${doing} did not work yet; it is tried again`);
      }
      await clock.sleep(fullJitterDelayMs({ attempt, baseMs: 200, maxMs: 10_000, random: random() }), session.signal);
    }
  }
}
