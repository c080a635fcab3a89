import type { ApiOutcome } from '../core/classify-response.ts';
import type { ApiCall, ApiCallReceiver } from './api-client.ts';
import type { TurnWork } from './loop-turns.ts';
import type { CallInFlight, ScheduledCommand } from './scheduled-command.ts';

/** How a call ends: `answered` and later `settle`, or `abandoned`; that too between the two. */
export interface CallEnd {
  answered(call: ScheduledCall): void;
  /** Its answer has its turn. */
  settle(call: ScheduledCall): void;
  /** All of its commands have left it. */
  abandoned(call: ScheduledCall): void;
}

/** A call for one command or many, from its start to its end. */
export class ScheduledCall implements ApiCallReceiver, CallInFlight, TurnWork {
  readonly connectorId: string;
  readonly commands: readonly ScheduledCommand[];
  /** By the monotonic clock. */
  readonly startedAtMs: number;
  readonly #end: CallEnd;
  #left = 0;
  #outcome: ApiOutcome | undefined;
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

  /** All of its commands are: a live one would be the first. */
  get isReplayed(): boolean {
    return this.commands[0]?.isReplayed === true;
  }

  /** All of its commands have left it: no command needs its answer. */
  get isAbandoned(): boolean {
    return this.#left === this.commands.length;
  }

  get outcome(): ApiOutcome {
    if (this.#outcome === undefined) throw new Error('a call is settled before it is answered');
    return this.#outcome;
  }

  started(call: ApiCall): void {
    this.#call = call;
  }

  onOutcome(outcome: ApiOutcome): void {
    this.#outcome = outcome;
    this.#end.answered(this);
  }

  onTurn(): void {
    this.#end.settle(this);
  }

  leave(): void {
    this.#left += 1;
    if (!this.isAbandoned) return;
    if (this.#call === undefined) throw new Error('a call is left before it is made');
    this.#call.abort();
    this.#end.abandoned(this);
  }
}
