import type { ErrorCode } from '@astrolabe/service-kit/errors';
import type { ApiRequest } from '../core/api-request.ts';
import type { Verdict } from '../core/classify-response.ts';
import type { QueuedItem } from '../limits/item-line.ts';
import type { CalledCommand } from './api-client.ts';

/** When an answer came. */
export interface AnswerTime {
  /** Of the monotonic clock. */
  readonly nowMs: number;
  /** Epoch milliseconds, to be recorded. */
  readonly atMs: number;
  /** For how long the connector's key has been refused so far, all in all. */
  readonly haltedMs: number;
}

/** A call that a command is part of. */
export interface CallInFlight {
  /** A command of the call no longer waits for the answer. */
  leave(): void;
}

/**
 * A command as the scheduler of calls sees it. Each time that it is submitted, either `onCall` or `onRefused` follows;
 * after `onCall`, one of the others, unless the command leaves the call.
 */
export interface ScheduledCommand extends QueuedItem, CalledCommand {
  /** Its id at the API and in the ledger. */
  readonly deliveryId: string;
  /** Of a call for it alone. */
  toRequest(): ApiRequest;
  /** JSON text: its item in a bulk call. */
  toBulkItem(): string;
  onCall(call: CallInFlight): void;
  onAnswer(verdict: Verdict, time: AnswerTime): void;
  /**
   * The API refuses the bulk call as such, which says nothing of the command. `isSingle`: it is to go alone from here
   * on.
   */
  onBulkRefused(isSingle: boolean): void;
  /** No call is made for it: its connector is gone or switched off. */
  onRefused(code: ErrorCode, message: string): void;
  /** Handling its answer failed for an unknown reason. */
  onFault(fault: unknown): void;
}

/** A command that waits before it is submitted again. */
export interface PausableCommand {
  /** Called once, unless the scheduler closes before. */
  onPauseOver(): void;
}
