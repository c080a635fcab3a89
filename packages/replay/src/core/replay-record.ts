/** Records of `astrolabe.replays.v1`, written and read. What cannot be read is data: it stops no service. Pure. */
import type { OutgoingRecord } from '@astrolabe/records';
import { JsonFields, toJson } from './json-fields.ts';
import { parseReplayKey, replayKey, type ReplayKey } from './replay-keys.ts';
import { readOrder, toStoredOrder, type ReplayOrder } from './replay-order.ts';
import {
  readDispatcherProgress,
  readMapperProgress,
  readReplayedCommands,
  type DispatcherProgress,
  type MapperProgress,
  type ReplayedCommandsProgress,
} from './replay-progress.ts';

export type ReplayRecord =
  | { readonly kind: 'order'; readonly order: ReplayOrder }
  | {
      readonly kind: 'mapper-progress';
      readonly id: string;
      readonly partition: number;
      readonly progress: MapperProgress;
    }
  | {
      readonly kind: 'dispatcher-progress';
      readonly id: string;
      readonly partition: number;
      readonly progress: DispatcherProgress;
    }
  | { readonly kind: 'replayed-commands'; readonly partition: number; readonly progress: ReplayedCommandsProgress }
  /** A replay that a version before managed replays has started, as it stored it. */
  | { readonly kind: 'older-version'; readonly id: string; readonly value: Buffer }
  | { readonly kind: 'removed'; readonly key: ReplayKey }
  | { readonly kind: 'removed-older-version'; readonly id: string }
  | { readonly kind: 'unreadable'; readonly key: string; readonly reason: string };

export function readReplayRecord(record: { readonly key: Buffer | null; readonly value: Buffer | null }): ReplayRecord {
  const text = record.key?.toString('utf8') ?? '';
  const key = parseReplayKey(text);
  if (key === undefined) {
    // A version that is newer than this one may write other lists; an id of version 1 may be any text.
    if (text === '' || text.startsWith('["')) return { kind: 'unreadable', key: text, reason: 'its key is not known' };
    if (record.value === null) return { kind: 'removed-older-version', id: text };
    return { kind: 'older-version', id: text, value: record.value };
  }
  if (record.value === null) return { kind: 'removed', key };
  try {
    return readValue(key, JsonFields.parse(record.value.toString('utf8')));
  } catch (error) {
    return { kind: 'unreadable', key: text, reason: (error as Error).message };
  }
}

function readValue(key: ReplayKey, fields: JsonFields): ReplayRecord {
  switch (key.kind) {
    case 'order':
      return { kind: 'order', order: readOrder(fields) };
    case 'mapper-progress':
      return { ...key, progress: readMapperProgress(fields) };
    case 'dispatcher-progress':
      return { ...key, progress: readDispatcherProgress(fields) };
    case 'replayed-commands':
      return { ...key, progress: readReplayedCommands(fields) };
  }
}

/** Of the one partition that the topic has. */
export interface PlacedRecord extends OutgoingRecord {
  readonly partition: number;
}

export function orderRecord(order: ReplayOrder): PlacedRecord {
  return recordOf({ kind: 'order', id: order.id }, toStoredOrder(order));
}

export function mapperProgressRecord(id: string, partition: number, progress: MapperProgress): PlacedRecord {
  return recordOf({ kind: 'mapper-progress', id, partition }, progress);
}

export function dispatcherProgressRecord(id: string, partition: number, progress: DispatcherProgress): PlacedRecord {
  return recordOf({ kind: 'dispatcher-progress', id, partition }, progress);
}

export function replayedCommandsRecord(partition: number, progress: ReplayedCommandsProgress): PlacedRecord {
  return recordOf({ kind: 'replayed-commands', partition }, progress);
}

/** Compaction removes what the key stands for. */
export function removalRecord(key: ReplayKey): PlacedRecord {
  return { key: replayKey(key), value: null, headers: {}, partition: 0 };
}

function recordOf(key: ReplayKey, value: object): PlacedRecord {
  return { key: replayKey(key), value: toJson(value), headers: {}, partition: 0 };
}

/** A mapper's progress as the value of a record of its state, stored with what came of the events. */
export function encodeMapperProgress(progress: MapperProgress): Buffer {
  return toJson(progress);
}

/** Throws on what `encodeMapperProgress` did not make. */
export function decodeMapperProgress(value: Buffer): MapperProgress {
  return readMapperProgress(JsonFields.parse(value.toString('utf8')));
}
