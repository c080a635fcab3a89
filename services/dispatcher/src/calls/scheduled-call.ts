import type { ApiOutcome } from '../core/classify-response.ts';
import type { ApiCall, ApiCallReceiver } from './api-client.ts';
import type { CallInFlight, ScheduledCommand } from './scheduled-command.ts';

/** What is told of a call, once for each. */
export interface CallEnd {
  answered(call: ScheduledCall, outcome: ApiOutcome): void;
  /** All of its commands have left it. */
  abandoned(call: ScheduledCall): void;
}

/** A call for one command or many, from its start to its end. */
export class ScheduledCall implements ApiCallReceiver, CallInFlight {
  readonly connectorId: string;
  readonly commands: readonly ScheduledCommand[];
  /** By the monotonic clock. */
  readonly startedAtMs: number;
  readonly #end: CallEnd;
  #left = 0;
  #call: ApiCall | undefined;

  constructor(connectorId: string, commands: readonly ScheduledCommand[], startedAtMs: number, end: CallEnd) {
    this.connectorId = connectorId;
    this.commands = commands;
    this.startedAtMs = startedAtMs;
    this.#end = end;
  }

  /** A single command goes as a call of its own kind. */
  get isBulk(): boolean {
    return this.commands.length > 1;
  }

  started(call: ApiCall): void {
    this.#call = call;
  }

  onOutcome(outcome: ApiOutcome): void {
    this.#end.answered(this, outcome);
  }

  leave(): void {
    this.#left += 1;
    if (this.#left < this.commands.length) return;
    if (this.#call === undefined) throw new Error('a call is left before it is made');
    this.#call.abort();
    this.#end.abandoned(this);
  }
}
