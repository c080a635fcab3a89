/**
 * A batch of event records, with the state of their users → commands, dead letters and the state that follows. Called for the records of one
 * partition in order, and again with the same ones after a failure: it keeps nothing of its own.
 */
import {
  headerNames,
  recordSizeBytes,
  toDeadLetter,
  type CommandEncoder,
  type ConsumedRecord,
  type StateView,
  type TopicRecord,
  type Topics,
  type Transformed,
} from '@astrolabe/kafka';
import type { ClampReason } from '@astrolabe/segment';
import type { ErrorCode } from '@astrolabe/service-kit';
import { commandRecord } from './core/command-record.ts';
import { mapEvent, type MappedEvent } from './core/map-event.ts';
import type { MappingRules } from './core/mapping-rules.ts';
import type { SkipReason, WithheldReason } from './core/mapping.ts';
import { readEvent } from './core/read-event.ts';
import { encodeUserState, userStateKey, type UserState } from './core/user-state.ts';

export interface MapBatchOptions {
  readonly encoder: CommandEncoder;
  readonly topics: Pick<Topics, 'commands' | 'segmentEventsDeadLetters'>;
  /** Told in dead letters. */
  readonly groupId: string;
  /** Told in dead letters. Epoch milliseconds. */
  readonly nowMs: () => number;
  /** The rules of the moment; asked for every event. */
  readonly rulesOf: (connectorId: string) => MappingRules;
  /** A record of a command or of state above this cannot be produced; its event is dead-lettered. */
  readonly maxRecordBytes: number;
}

/** What became of one record. */
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
  /** `unknown` for what is no event. */
  readonly type: string;
  readonly outcome: RecordOutcome;
}

/** One of them for each record, in order. */
export type HandledBatch = readonly HandledRecord[];

export type MapBatch = (records: readonly ConsumedRecord[], state: StateView<UserState>) => Transformed<HandledBatch>;

export function createMapBatch(options: MapBatchOptions): MapBatch {
  return (records, state) => {
    const outputs: TopicRecord[] = [];
    const result = records.map((record) => handleRecord(record, state, outputs, options));
    return { outputs, result };
  };
}

function handleRecord(
  record: ConsumedRecord,
  state: StateView<UserState>,
  outputs: TopicRecord[],
  options: MapBatchOptions,
): HandledRecord {
  const read = readEvent(record);
  if (read.kind === 'unreadable') {
    const connector = record.headers[headerNames.connectorId]?.toString('utf8') ?? 'unknown';
    return { connector, type: 'unknown', outcome: giveUp(record, read.code, read.message, outputs, options) };
  }
  const { event, facts } = read;
  const { connectorId } = facts;
  const stateKey = event.userId === undefined ? undefined : userStateKey(connectorId, event.userId);
  const userState = stateKey === undefined ? undefined : state.get(stateKey);
  const mapped = mapEvent(event, facts, options.rulesOf(connectorId), userState);
  const stateSizeBytes =
    stateKey === undefined || mapped.nextUserState === userState ? 0 : stateRecordBytes(stateKey, mapped.nextUserState);
  const outcome =
    stateSizeBytes > options.maxRecordBytes
      ? giveUpTooLarge(record, 'the state of its user', stateSizeBytes, outputs, options)
      : emit(record, mapped, outputs, options);
  // What is dead-lettered has no effect, and so teaches nothing either.
  if (stateKey !== undefined && outcome.kind !== 'dead-lettered' && mapped.nextUserState !== userState) {
    if (mapped.nextUserState === undefined) state.delete(stateKey);
    else state.set(stateKey, mapped.nextUserState);
  }
  return { connector: connectorId, type: event.type, outcome };
}

function emit(
  record: ConsumedRecord,
  { mapping }: MappedEvent,
  outputs: TopicRecord[],
  options: MapBatchOptions,
): RecordOutcome {
  switch (mapping.kind) {
    case 'skipped':
      return mapping;
    case 'unmappable':
      return giveUp(record, 'event.unmappable', mapping.message, outputs, options);
    case 'commands': {
      const { commands, withheld, clamped } = mapping;
      const { encoder, topics, maxRecordBytes } = options;
      const before = outputs.length;
      for (const command of commands) {
        const output = commandRecord(command, encoder.encode(command), record, clamped);
        const sizeBytes = recordSizeBytes(output);
        if (sizeBytes > maxRecordBytes) {
          outputs.length = before;
          return giveUpTooLarge(record, 'a command', sizeBytes, outputs, options);
        }
        outputs.push({ topic: topics.commands.name, ...output });
      }
      return { kind: 'mapped', commands: commands.length, withheld, clamped: clamped?.reason };
    }
  }
}

/** An id that came compressed may be longer than a state record can be, where no command that would show it is made. */
function stateRecordBytes(stateKey: string, state: UserState | undefined): number {
  const value = state === undefined ? null : encodeUserState(state);
  return recordSizeBytes({ key: Buffer.from(stateKey), value, headers: {} });
}

function giveUpTooLarge(
  record: ConsumedRecord,
  what: string,
  sizeBytes: number,
  outputs: TopicRecord[],
  options: MapBatchOptions,
): RecordOutcome {
  const message = `${what} of ${sizeBytes} bytes is over the limit of ${options.maxRecordBytes}`;
  return giveUp(record, 'kafka.record-too-large', message, outputs, options);
}

function giveUp(
  record: ConsumedRecord,
  code: ErrorCode,
  message: string,
  outputs: TopicRecord[],
  { groupId, nowMs, topics }: MapBatchOptions,
): RecordOutcome {
  const letter = toDeadLetter(record, { code, message, group: groupId, atMs: nowMs() });
  outputs.push({ topic: topics.segmentEventsDeadLetters.name, ...letter });
  return { kind: 'dead-lettered', code };
}
