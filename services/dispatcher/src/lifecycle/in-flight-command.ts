import type { LaneTask } from '@astrolabe/processing';
import type { ConsumedRecord } from '@astrolabe/records';
import { toApiRequest, type Command } from '@astrolabe/schemas';
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import type { TurnWork } from '../calls/loop-turns.ts';
import type { AnswerTime, CallInFlight, PausableCommand, ScheduledCommand } from '../calls/scheduled-command.ts';
import type { ApiRequest } from '../core/api-request.ts';
import { toBulkItem } from '../core/bulk-request.ts';
import type { Verdict } from '../core/classify-response.ts';
import { assertMayEnter, isOver, type CommandState } from '../core/command-states.ts';
import { recordedOffset, type LedgerRecord, type ReplayOutcome } from '../core/replay/known-outcome.ts';
import type { PriorAttempts } from './delivery-ledger.ts';

/** What decides on the state that a command goes to next. */
export interface CommandOwner {
  started(command: InFlightCommand): void;
  answered(command: InFlightCommand, attempts: Attempts, verdict: Verdict, time: AnswerTime): void;
  callAgain(command: InFlightCommand): void;
  deadLetter(command: InFlightCommand, code: ErrorCode, message: string): void;
  fail(command: InFlightCommand, fault: unknown): void;
}

/** The attempts that have been answered. */
export interface Attempts {
  /** With those of earlier owners. */
  readonly count: number;
  /** The first answer to this owner. */
  readonly first: AnswerTime;
  readonly last: AnswerTime;
  /** What earlier owners did. */
  readonly prior: PriorAttempts | undefined;
}

/** One command record from its lane's start to its end, and the state that it is in (`core/command-states.ts`). */
export class InFlightCommand implements ScheduledCommand, PausableCommand, TurnWork {
  readonly task: LaneTask<InFlightCommand>;
  readonly isReplayed: boolean;
  /** Of a replayed command, once it is decided. */
  outcome: ReplayOutcome | undefined = undefined;
  readonly #owner: CommandOwner;
  #state: CommandState = 'decoding';
  #command: Command | undefined;
  #deliveryId = '';
  #isSingle = false;
  #bulkItem: string | undefined;
  #call: CallInFlight | undefined;
  #prior: PriorAttempts | undefined;
  #attempts: Attempts | undefined;

  constructor(task: LaneTask<InFlightCommand>, owner: CommandOwner) {
    this.task = task;
    this.isReplayed = task.replay !== undefined;
    this.#owner = owner;
  }

  get state(): CommandState {
    return this.#state;
  }

  get isWaiting(): boolean {
    return this.#state === 'waiting';
  }

  /** Nothing is under way for it: given up, it leaves no trace. */
  get onlyWaits(): boolean {
    return this.#state === 'decoding' || this.#state === 'waiting' || this.#state === 'pausing';
  }

  get isOver(): boolean {
    return isOver(this.#state);
  }

  /** Undefined as long as it is not decoded, and of what cannot be decoded. */
  get decoded(): Command | undefined {
    return this.#command;
  }

  get command(): Command {
    if (this.#command === undefined) throw new Error('a record is called for before it is decoded');
    return this.#command;
  }

  get record(): ConsumedRecord {
    return this.task.record;
  }

  get attemptsBefore(): number {
    return this.#attempts?.count ?? 0;
  }

  get connectorId(): string {
    return this.command.record.connectorId;
  }

  get deliveryId(): string {
    return this.#deliveryId;
  }

  /** Where the ledger has the command. */
  get recordedOffset(): bigint {
    return recordedOffset(this.task);
  }

  get ledgerRecord(): LedgerRecord {
    const { offset, replay } = this.task;
    return { offset, replay, isForced: this.#deliveryId !== this.command.record.commandId };
  }

  /** Undefined before the first answer. */
  get attempts(): Attempts | undefined {
    return this.#attempts;
  }

  get isSingle(): boolean {
    return this.#isSingle;
  }

  /** Of its item in a bulk call. */
  get sizeBytes(): number {
    return Buffer.byteLength(this.toBulkItem());
  }

  toRequest(): ApiRequest {
    return toApiRequest(this.command, this.#deliveryId);
  }

  toBulkItem(): string {
    return (this.#bulkItem ??= toBulkItem(this.command, this.#deliveryId));
  }

  /** Throws where the table of states does not allow it. */
  enter(state: CommandState): void {
    assertMayEnter(this.#state, state);
    this.#state = state;
  }

  /** What earlier owners of the partition did for it; called before the first call. */
  continueAfter(prior: PriorAttempts | undefined): void {
    // What was sent again, by a redrive or a replay, stands at another offset and begins again.
    if (prior?.offset === this.recordedOffset) this.#prior = prior;
  }

  decode(command: Command, deliveryId: string): void {
    this.#command = command;
    this.#deliveryId = deliveryId;
    // An item of a bulk call has one id, which is the event's too: under another one it would be another event.
    if (command.kind === 'TrackEvent' && deliveryId !== command.record.commandId) this.#isSingle = true;
  }

  onTurn(): void {
    // It may have been cancelled meanwhile.
    if (!this.isOver) this.#owner.started(this);
  }

  onCall(call: CallInFlight): void {
    this.enter('calling');
    this.#call = call;
  }

  onAnswer(verdict: Verdict, time: AnswerTime): void {
    // It left the call, which went on for others.
    if (this.#state !== 'calling') return;
    this.#call = undefined;
    this.#attempts = countAttempt(this.#attempts, this.#prior, time);
    this.#owner.answered(this, this.#attempts, verdict, time);
  }

  onBulkRefused(isSingle: boolean): void {
    if (this.#state !== 'calling') return;
    this.#call = undefined;
    if (isSingle) this.#isSingle = true;
    this.#owner.callAgain(this);
  }

  onRefused(code: ErrorCode, message: string): void {
    this.#owner.deadLetter(this, code, message);
  }

  onPauseOver(): void {
    // It may have been cancelled meanwhile.
    if (this.#state === 'pausing') this.#owner.callAgain(this);
  }

  onFault(fault: unknown): void {
    if (!this.isOver) this.#owner.fail(this, fault);
  }

  /** Its text in a bulk call is not needed any more. */
  dropBulkItem(): void {
    this.#bulkItem = undefined;
  }

  /** Nothing comes of a call that may be under way. */
  leaveCall(): void {
    const call = this.#call;
    this.#call = undefined;
    call?.leave();
  }
}

function countAttempt(before: Attempts | undefined, prior: PriorAttempts | undefined, time: AnswerTime): Attempts {
  return before === undefined
    ? { count: (prior?.count ?? 0) + 1, first: time, last: time, prior }
    : { ...before, count: before.count + 1, last: time };
}

/**
 * From when the retry budget counts: the first answer; later by as long as the connector's key has been refused since,
 * and earlier by what earlier owners have spent. So neither a halt nor the time between two owners counts.
 */
export function budgetFromMs({ first, last, prior }: Attempts): number {
  return first.nowMs + last.haltedMs - first.haltedMs - (prior?.spentMs ?? 0);
}

export function firstAttemptAtMs({ first, prior }: Attempts): number {
  return prior?.firstAtMs ?? first.atMs;
}
