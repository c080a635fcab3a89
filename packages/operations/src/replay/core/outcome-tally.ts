/**
 * What becomes of the records that a replay has sent, derived from what the services write. Each ends exactly once: a
 * delivery and a dead letter name the record by its offset, and what the group has passed without either was skipped.
 * Pure.
 *
 * The caller ensures the order: the groups' positions are read before the topics, so that everything below them is
 * known.
 */
import type { DeliveryOutcome } from '@astrolabe/ledger';
import type { ReplaySource } from './replay-state.ts';

export interface CommandEnds {
  skippedByLedger: number;
  delivered: number;
  duplicate: number;
  deadLettered: number;
}

export interface EventEnds {
  /** At least one command came of it. */
  mapped: number;
  /** No command: a mapping rule or a suppressed user. */
  skipped: number;
  deadLettered: number;
}

export interface TalliedRecord {
  readonly partition: number;
  readonly offset: bigint;
  readonly connectorId: string;
  /** Of an event: what its commands are known by. */
  readonly eventKey: string;
}

/** Whether a group is done with a record: it has passed it, and no cursor of the record's connector lies before it. */
export type HasPassed = (record: { partition: number; offset: bigint; connectorId: string }) => boolean;

export class OutcomeTally {
  readonly commands: CommandEnds = { skippedByLedger: 0, delivered: 0, duplicate: 0, deadLettered: 0 };
  readonly events: EventEnds = { mapped: 0, skipped: 0, deadLettered: 0 };
  commandsSeen = 0;
  readonly #source: ReplaySource;
  readonly #pendingEvents = new Map<string, TalliedRecord>();
  readonly #pendingCommands = new Map<string, TalliedRecord>();
  readonly #mapped = new Set<string>();

  constructor(source: ReplaySource) {
    this.#source = source;
  }

  /** Records of the replay's source that have ended. */
  get settled(): number {
    if (this.#source === 'commands') return sum(this.commands);
    return sum(this.events);
  }

  get pendingCommands(): number {
    return this.#pendingCommands.size;
  }

  /** Everything that has ended; it only grows. */
  get ended(): number {
    return sum(this.commands) + sum(this.events);
  }

  sawEvent(record: TalliedRecord): void {
    this.#pendingEvents.set(nameOf(record), record);
  }

  sawCommand(record: TalliedRecord): void {
    this.commandsSeen += 1;
    this.#pendingCommands.set(nameOf(record), record);
    if (this.#source === 'events') this.#mapped.add(record.eventKey);
  }

  sawEventDeadLetter(partition: number, offset: bigint): void {
    if (this.#pendingEvents.delete(nameOf({ partition, offset }))) this.events.deadLettered += 1;
  }

  /**
   * A command that could not be decoded has a dead letter only; others have a delivery as well, and the first counts.
   */
  sawDelivery(partition: number, offset: bigint, outcome: DeliveryOutcome): void {
    if (!this.#pendingCommands.delete(nameOf({ partition, offset }))) return;
    if (outcome === 'dead-lettered') this.commands.deadLettered += 1;
    else this.commands[outcome] += 1;
  }

  settle(mapperHasPassed: HasPassed, dispatcherHasPassed: HasPassed): void {
    for (const [name, record] of this.#pendingEvents) {
      if (!mapperHasPassed(record)) continue;
      this.#pendingEvents.delete(name);
      if (this.#mapped.has(record.eventKey)) this.events.mapped += 1;
      else this.events.skipped += 1;
    }
    for (const [name, record] of this.#pendingCommands) {
      if (!dispatcherHasPassed(record)) continue;
      this.#pendingCommands.delete(name);
      this.commands.skippedByLedger += 1;
    }
    this.#forgetMapped();
  }

  /** Only pending events are looked up; their commands came with them. */
  #forgetMapped(): void {
    if (this.#mapped.size === 0) return;
    const asked = new Set<string>();
    for (const { eventKey } of this.#pendingEvents.values()) asked.add(eventKey);
    for (const key of this.#mapped) if (!asked.has(key)) this.#mapped.delete(key);
  }
}

function nameOf({ partition, offset }: { readonly partition: number; readonly offset: bigint }): string {
  return `${partition}:${offset}`;
}

function sum(ends: CommandEnds | EventEnds): number {
  return Object.values(ends as unknown as Record<string, number>).reduce((total, each) => total + each, 0);
}
