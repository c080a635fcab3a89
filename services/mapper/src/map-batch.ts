/**
 * Maps a batch of event records, with the state of their users, to commands, dead letters and the next state. Called
 * for the records of one partition in order, and again with the same ones after a failure: it keeps no state of its
 * own. It reads the mapper's clock once for a batch. Only the expiry of states, the times of dead letters, and the
 * times of records without one depend on it.
 */
import type { StateView, Transformed } from '@astrolabe/processing';
import {
  headerNames,
  recordSizeBytes,
  toDeadLetter,
  type ConsumedRecord,
  type TopicRecord,
  type Topics,
} from '@astrolabe/records';
import type { CommandEncoder } from '@astrolabe/records/serde';
import { maxFutureMs, type ClampReason, type SegmentEvent } from '@astrolabe/segment';
import type { ErrorCode } from '@astrolabe/service-kit/errors';
import { commandRecord } from './core/command-record.ts';
import { mapEvent, type MappedEvent } from './core/map-event.ts';
import type { MappingRules } from './core/mapping-rules.ts';
import type { EventFacts, SkipReason, WithheldReason } from './core/mapping.ts';
import { readEvent } from './core/read-event.ts';
import { neededOf, rememberUser } from './core/remember-user.ts';
import { userStateKey, type UserState } from './core/user-state.ts';

export interface MapBatchOptions {
  readonly encoder: CommandEncoder;
  readonly topics: Pick<Topics, 'commands' | 'segmentEventsDeadLetters'>;
  /** Named in dead letters. */
  readonly groupId: string;
  /** Epoch milliseconds. */
  readonly nowMs: () => number;
  /** The current rules, looked up for every event. */
  readonly rulesOf: (connectorId: string) => MappingRules;
  /** A record of a command above this cannot be produced; its event is dead-lettered. */
  readonly maxRecordBytes: number;
  /** Maximum users of a connector that are remembered on a partition. */
  readonly maxUsers: number;
}

/** The outcome of one record. */
export type RecordOutcome =
  | {
      readonly kind: 'mapped';
      readonly commands: number;
      readonly withheld: WithheldReason | undefined;
      readonly clamped: ClampReason | undefined;
    }
  | { readonly kind: 'skipped'; readonly reason: SkipReason }
  | { readonly kind: 'dead-lettered'; readonly code: ErrorCode };

export interface HandledRecord {
  readonly connector: string;
  /** `unknown` if the record is not an event. */
  readonly type: string;
  readonly outcome: RecordOutcome;
}

export interface HandledBatch {
  /** One for each record, in order. */
  readonly records: readonly HandledRecord[];
  readonly partition: number | undefined;
  /** By connector, the users that are remembered now, for connectors whose number may have changed. */
  readonly users: ReadonlyMap<string, number>;
  /** By connector, the users that were evicted: to make room for others, and because they are no longer needed. */
  readonly crowdedOut: ReadonlyMap<string, number>;
  readonly expired: ReadonlyMap<string, number>;
}

export type MapBatch = (records: readonly ConsumedRecord[], state: StateView<UserState>) => Transformed<HandledBatch>;

/** How many remembered users are checked for each record: all of them, long before that many could have been added. */
const REVIEWED_PER_RECORD = 0.25;

export function createMapBatch(options: MapBatchOptions): MapBatch {
  return (records, state) => {
    const batch = new Batch(options, state);
    const handled = records.map((record) => batch.handle(record));
    batch.review(Math.ceil(records.length * REVIEWED_PER_RECORD));
    const { outputs, users, crowdedOut, expired } = batch;
    return { outputs, result: { records: handled, partition: records[0]?.partition, users, crowdedOut, expired } };
  };
}

class Batch {
  readonly outputs: TopicRecord[] = [];
  readonly users = new Map<string, number>();
  readonly crowdedOut = new Map<string, number>();
  readonly expired = new Map<string, number>();
  readonly #options: MapBatchOptions;
  readonly #state: StateView<UserState>;
  readonly #nowMs: number;

  constructor(options: MapBatchOptions, state: StateView<UserState>) {
    this.#options = options;
    this.#state = state;
    this.#nowMs = options.nowMs();
  }

  handle(record: ConsumedRecord): HandledRecord {
    const read = readEvent(record, this.#nowMs);
    if (read.kind === 'unreadable') {
      const connector = record.headers[headerNames.connectorId]?.toString('utf8') ?? 'unknown';
      return { connector, type: 'unknown', outcome: this.#giveUp(record, read.code, read.message) };
    }
    const { event, facts } = read;
    const { connectorId } = facts;
    const clockMs = this.#clockBefore(facts);
    // Most connectors have no users to remember, and the key costs a hash.
    const isAnybodyKnown = event.userId !== undefined && this.#state.sizeOf(connectorId) > 0;
    const userState = isAnybodyKnown ? this.#state.get(userStateKey(connectorId, event.userId)) : undefined;
    const mapped = mapEvent(event, facts, this.#options.rulesOf(connectorId), userState, clockMs);
    const before = this.outputs.length;
    let outcome = emit(record, mapped, this.outputs, this.#options, this.#nowMs);
    // A dead-lettered event has no effect, so it does not change the state either.
    if (outcome.kind !== 'dead-lettered' && mapped.nextUserState !== userState) {
      const full = this.#remember(connectorId, event, mapped.nextUserState);
      if (full !== undefined) {
        this.outputs.length = before;
        outcome = this.#giveUp(record, 'mapper.state-full', stateFull(connectorId, full, this.#options.maxUsers));
      }
    }
    if (outcome.kind !== 'dead-lettered') this.#advanceClock(facts, mapped);
    return { connector: connectorId, type: event.type, outcome };
  }

  /** Removes what is no longer needed, among the next `count` users. */
  review(count: number): void {
    // If either clock is ahead, it must not expire what is still needed.
    const nowMs = Math.min(this.#nowMs, this.#state.clockMs ?? 0);
    this.#state.review(count, (connectorId, value) => {
      const needed = neededOf(value, this.#options.rulesOf(connectorId), nowMs);
      if (needed !== value) add(this.expired, connectorId, 1);
      return needed;
    });
    for (const connectorId of this.expired.keys()) this.users.set(connectorId, this.#state.sizeOf(connectorId));
  }

  /**
   * At least the time of every event and command before this one. It is unknown if an older version worked on the
   * partition; its commands may have times of up to a day after their receipt.
   */
  #clockBefore({ receivedAtMs }: EventFacts): number {
    if (this.#state.clockMs === undefined) this.#state.advanceClock(receivedAtMs + maxFutureMs);
    return this.#state.clockMs ?? receivedAtMs;
  }

  #advanceClock({ receipt }: EventFacts, { mapping }: MappedEvent): void {
    if (receipt.arrival === 'live') this.#state.advanceClock(receipt.atMs);
    const [command] = mapping.kind === 'commands' ? mapping.commands : [];
    if (command !== undefined) this.#state.advanceClock(command.record.occurredAt);
  }

  /** What there is too little of for a deletion; undefined if the user is remembered. */
  #remember(
    connectorId: string,
    { userId }: SegmentEvent,
    next: UserState | undefined,
  ): 'users' | 'memory' | undefined {
    if (userId === undefined) return undefined;
    const key = userStateKey(connectorId, userId);
    if (next === undefined) this.#state.delete(key);
    else {
      const remembered = rememberUser(this.#state, key, next, this.#options.maxUsers);
      if (remembered.kind === 'full') return remembered.bound;
      if (remembered.forgotten > 0) add(this.crowdedOut, connectorId, remembered.forgotten);
    }
    this.users.set(connectorId, this.#state.sizeOf(connectorId));
    return undefined;
  }

  #giveUp(record: ConsumedRecord, code: ErrorCode, message: string): RecordOutcome {
    return giveUp(record, code, message, this.outputs, this.#options, this.#nowMs);
  }
}

function stateFull(connectorId: string, bound: 'users' | 'memory', maxUsers: number): string {
  const [fact, limit] =
    bound === 'users'
      ? [`has ${maxUsers} suppressed users on this partition`, 'MAPPER_MAX_USERS_PER_CONNECTOR']
      : ["has used up its share of this mapper's heap", '--max-old-space-size in NODE_OPTIONS'];
  const why = `connector ${connectorId} ${fact}, as many as are remembered, so this one would come back`;
  return `${why}; raise ${limit}, restart the mapper, and redrive`;
}

function add(counts: Map<string, number>, connectorId: string, count: number): void {
  counts.set(connectorId, (counts.get(connectorId) ?? 0) + count);
}

function emit(
  record: ConsumedRecord,
  { mapping }: MappedEvent,
  outputs: TopicRecord[],
  options: MapBatchOptions,
  nowMs: number,
): RecordOutcome {
  switch (mapping.kind) {
    case 'skipped':
      return mapping;
    case 'unmappable':
      return giveUp(record, 'event.unmappable', mapping.message, outputs, options, nowMs);
    case 'commands': {
      const { commands, withheld, clamped } = mapping;
      const { encoder, topics, maxRecordBytes } = options;
      const before = outputs.length;
      for (const command of commands) {
        const output = commandRecord(command, encoder.encode(command), record, clamped);
        const sizeBytes = recordSizeBytes(output);
        if (sizeBytes > maxRecordBytes) {
          outputs.length = before;
          return giveUpTooLarge(record, sizeBytes, outputs, options, nowMs);
        }
        outputs.push({ topic: topics.commands.name, ...output });
      }
      return { kind: 'mapped', commands: commands.length, withheld, clamped: clamped?.reason };
    }
  }
}

function giveUpTooLarge(
  record: ConsumedRecord,
  sizeBytes: number,
  outputs: TopicRecord[],
  options: MapBatchOptions,
  nowMs: number,
): RecordOutcome {
  const message = `a command of ${sizeBytes} bytes is over the limit of ${options.maxRecordBytes}`;
  return giveUp(record, 'kafka.record-too-large', message, outputs, options, nowMs);
}

function giveUp(
  record: ConsumedRecord,
  code: ErrorCode,
  message: string,
  outputs: TopicRecord[],
  { groupId, topics }: MapBatchOptions,
  nowMs: number,
): RecordOutcome {
  const deadLetter = toDeadLetter(record, { code, message, group: groupId, atMs: nowMs });
  outputs.push({ topic: topics.segmentEventsDeadLetters.name, ...deadLetter });
  return { kind: 'dead-lettered', code };
}
