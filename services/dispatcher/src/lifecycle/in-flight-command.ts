import type { LaneTask } from '@astrolabe/kafka';
import type { ErrorCode } from '@astrolabe/service-kit';
import type { Command } from '@astrolabe/schemas';
import type { ConnectorGate } from '../limits/connector-limiter.ts';
import { toBulkItem } from '../core/bulk-request.ts';
import type { Verdict } from '../core/classify-response.ts';
import type { GateItem } from '../limits/wait-queue.ts';

/** Who decides what becomes of a delivery. */
export interface DeliveryOwner {
  /** The connector is not there any more, or is switched off. */
  refuse(delivery: Delivery, code: ErrorCode, message: string): void;
  /** An answer for the command. `nowMs` is of the monotonic clock. */
  settle(delivery: Delivery, verdict: Verdict, nowMs: number): void;
}

/** Who makes the call for a delivery. */
export interface CallUnderWay {
  /** Nobody waits for this delivery's part of the call any more. */
  leave(delivery: Delivery): void;
}

/**
 * - `decoding`: its schema is looked up
 * - `queued`: waits at the gate of its connector
 * - `calling`: its call is under way
 * - `pausing`: waits to be called for again
 * - `storing`: what became of it is being stored
 * - `over`: given up here
 */
type Stage = 'decoding' | 'queued' | 'calling' | 'pausing' | 'storing' | 'over';

/** A command record on its way through the dispatcher. */
export class Delivery implements GateItem {
  readonly task: LaneTask<Delivery>;
  readonly handler: DeliveryOwner;
  command: Command | undefined;
  /** By which the ledger and the API know it. */
  deliveryId = '';
  gate: ConnectorGate<Delivery> | undefined;
  attempts = 0;
  /** Epoch milliseconds. */
  firstTriedAtMs: number | undefined;
  lastTriedAtMs: number | undefined;
  isSingle = false;
  #stage: Stage = 'decoding';
  /** By the monotonic clock, as the halts of its gate are. */
  #firstTriedMs: number | undefined;
  #haltedBeforeMs = 0;
  #call: CallUnderWay | undefined;
  #bulkItem: string | undefined;

  constructor(task: LaneTask<Delivery>, handler: DeliveryOwner) {
    this.task = task;
    this.handler = handler;
  }

  get isWaiting(): boolean {
    return this.#stage === 'queued';
  }

  get isOver(): boolean {
    return this.#stage === 'over';
  }

  get isPausing(): boolean {
    return this.#stage === 'pausing';
  }

  /** Of its item in a bulk call. */
  get sizeBytes(): number {
    return Buffer.byteLength(this.bulkItem());
  }

  bulkItem(): string {
    if (this.command === undefined) throw new Error('a record is called for before it is decoded');
    return (this.#bulkItem ??= toBulkItem(this.command, this.deliveryId));
  }

  queue(command: Command, deliveryId: string, gate: ConnectorGate<Delivery>): void {
    this.command = command;
    this.deliveryId = deliveryId;
    this.gate = gate;
    // An item of a bulk call has one id, which is the event's too: under another one it would be another event.
    if (command.kind === 'TrackEvent' && deliveryId !== command.record.commandId) this.isSingle = true;
    this.#stage = 'queued';
    gate.offer(this);
  }

  /** After a pause or a halt. */
  queueAgain(): void {
    this.#stage = 'queued';
    this.gate?.offer(this, true);
  }

  call(call: CallUnderWay): void {
    this.#stage = 'calling';
    this.#call = call;
  }

  pause(): void {
    this.#stage = 'pausing';
  }

  store(): void {
    this.#stage = 'storing';
    this.#bulkItem = undefined;
  }

  /** Notes that an attempt has been answered; false where nobody waits for it any more. `atMs` is the wall clock's time, to be recorded. */
  countAttempt(nowMs: number, atMs: number): boolean {
    this.#call = undefined;
    if (this.#stage !== 'calling') return false;
    this.attempts += 1;
    this.lastTriedAtMs = atMs;
    if (this.#firstTriedMs === undefined) {
      this.firstTriedAtMs = atMs;
      this.#firstTriedMs = nowMs;
      this.#haltedBeforeMs = this.gate?.haltedMs(nowMs) ?? 0;
    }
    return true;
  }

  /** From when its retry budget counts: the first try, and later by as long as its connector's key has been refused since. */
  budgetFromMs(nowMs: number): number {
    const haltedMs = (this.gate?.haltedMs(nowMs) ?? 0) - this.#haltedBeforeMs;
    return (this.#firstTriedMs ?? nowMs) + haltedMs;
  }

  /** Gives up what only waits. */
  withdraw(): boolean {
    switch (this.#stage) {
      case 'queued':
        this.#stage = 'over';
        this.gate?.withdraw();
        return true;
      case 'decoding':
      case 'pausing':
        this.#stage = 'over';
        return true;
      case 'calling':
      case 'storing':
      case 'over':
        return false;
    }
  }

  abort(): void {
    const call = this.#call;
    this.#call = undefined;
    this.#stage = 'over';
    call?.leave(this);
  }
}
