/**
 * Every record that an event, a command or a user has left. Only what may hold one is read: partitions of the keys in question, from the time
 * on at which the first record was found.
 */
import { deliveryIdOf } from '@astrolabe/ledger';
import {
  headerNames,
  headerText,
  partitionFor,
  type ConsumedRecord,
  type ContainsFilter,
  type Topics,
} from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
import { encodeKey } from '@astrolabe/segment';
import { offsetsIn, readSpans, type Cluster, type PartitionSpan } from '../cluster.ts';
import { describeRecord, type DescribedRecord, type RecordRole } from '../tail/describe-record.ts';
import { settledOffsets } from '../settled-offsets.ts';
import { bytesOfId, messageIdOf } from './message-id.ts';
import type { TimeWindow } from './search-windows.ts';

export interface Found {
  readonly stations: readonly DescribedRecord[];
  /** Records that were looked at. */
  readonly searched: number;
}

export interface TraceSearch {
  readonly cluster: Cluster;
  readonly decoder: CommandDecoder | undefined;
  readonly signal: AbortSignal;
  /** Where an id is looked for, one after the other (`searchWindows`). */
  readonly windows: readonly TimeWindow[];
  readonly onProgress: (searched: number) => void;
}

/** Clocks of producers and brokers differ by that much at most: a command may be stored "before" its event. */
const SLACK_MS = 60_000;

const rolesOf = (topics: Topics): readonly (readonly [RecordRole, string])[] => [
  ['event', topics.segmentEvents.name],
  ['dead letter', topics.segmentEventsDeadLetters.name],
  ['command', topics.commands.name],
  ['dead letter', topics.commandsDeadLetters.name],
];

/** An event by its `messageId`, with its commands and dead letters. */
export async function traceMessage(search: TraceSearch, messageId: string): Promise<Found> {
  return traceId(search, messageId);
}

/** A command by its id, or by that of its delivery where a replay forced it, with the event that it stems from. */
export async function traceCommand(search: TraceSearch, commandId: string): Promise<Found> {
  const { topics } = search.cluster;
  const commands = [topics.commands.name, topics.commandsDeadLetters.name];
  const own = await findFirst(
    search,
    commands,
    (record) => headerText(record, headerNames.commandId) === commandId,
    Buffer.from(commandId),
  );
  // The id of a forced delivery is written nowhere: it is made of the command's and the replay's, so that every command has to be looked at.
  const first =
    own.record === undefined ? await findFirst(search, commands, (record) => isForcedAs(record, commandId)) : own;
  const ownId = first.record && headerText(first.record, headerNames.commandId);
  const messageId = first.record && messageIdOf(first.record);
  if (messageId === undefined) return { stations: [], searched: first.searched };
  const found = await traceId(search, messageId, first.record);
  const stations = found.stations.filter((station) => station.commandId === undefined || station.commandId === ownId);
  return { stations, searched: first.searched + found.searched };
}

/** All records of a user's keys in a stretch of time: one partition of each topic for each connector. */
export async function traceUser(
  search: TraceSearch,
  userId: string,
  connectors: readonly string[],
  sinceMs: number,
): Promise<Found> {
  const keys = new Set(connectors.map((connector) => encodeKey(connector, 'user', userId)));
  const window = { fromMs: sinceMs, untilMs: Number.POSITIVE_INFINITY };
  const isIt = (record: ConsumedRecord): boolean => keys.has(record.key?.toString('utf8') ?? '');
  // As it stands in the key.
  return collect(search, rolesOf(search.cluster.topics), [...keys], window, isIt, Buffer.from(JSON.stringify(userId)));
}

function isForcedAs(record: ConsumedRecord, deliveryId: string): boolean {
  const commandId = headerText(record, headerNames.commandId);
  return commandId !== undefined && deliveryIdOf(record, commandId) === deliveryId;
}

async function traceId(search: TraceSearch, id: string, known?: ConsumedRecord): Promise<Found> {
  const { topics } = search.cluster;
  const isIt = (record: ConsumedRecord): boolean => messageIdOf(record) === id;
  const text = bytesOfId(id);
  const doors = [topics.segmentEvents.name, topics.segmentEventsDeadLetters.name];
  const first = known === undefined ? await findFirst(search, doors, isIt, text) : { record: known, searched: 0 };
  if (first.record === undefined) return { stations: [], searched: first.searched };
  // An event's commands go by the user or the account that they change, which its key or its text names; a letter's key is its source's.
  const keys = known === undefined ? await keysOf(first.record, search.decoder) : undefined;
  // What a replay sent may be younger than what it was made of by as much as topics are kept.
  const fromMs =
    headerText(first.record, headerNames.replayId) === undefined
      ? first.record.timestampMs - (known === undefined ? SLACK_MS : DAY_MS)
      : Math.min(first.record.timestampMs - SLACK_MS, ...search.windows.map((each) => each.fromMs));
  const window = { fromMs, untilMs: Number.POSITIVE_INFINITY };
  const rest = await collect(search, rolesOf(topics), keys, window, isIt, text);
  return { stations: rest.stations, searched: first.searched + rest.searched };
}

/** A command that was redriven may be that much younger than its event. */
const DAY_MS = 86_400_000;

async function keysOf(record: ConsumedRecord, decoder: CommandDecoder | undefined): Promise<string[] | undefined> {
  const { connectorId, userId, accountId } = await describeRecord('event', record, decoder);
  const key = record.key?.toString('utf8');
  if (key === undefined || connectorId === undefined) return undefined;
  return [
    key,
    ...(userId === undefined ? [] : [encodeKey(connectorId, 'user', userId)]),
    ...(accountId === undefined ? [] : [encodeKey(connectorId, 'account', accountId)]),
  ];
}

/** Looks through the windows of the id in turn, and stops at the first record. With `text`, only where that is written. */
async function findFirst(
  search: TraceSearch,
  topics: readonly string[],
  isIt: (record: ConsumedRecord) => boolean,
  text?: Buffer,
): Promise<{ readonly record: ConsumedRecord | undefined; readonly searched: number }> {
  let searched = 0;
  const count = (records: number): void => {
    searched += records;
    search.onProgress(searched);
  };
  for (const window of search.windows) {
    let found: ConsumedRecord | undefined;
    const spans = (await Promise.all(topics.map((topic) => spansIn(search.cluster, topic, window)))).flat();
    if (offsetsIn(spans) === 0) continue;
    const enough = new AbortController();
    const onRecords = (records: readonly ConsumedRecord[]): void => {
      count(records.length);
      for (const record of records) {
        if (!isIt(record) || (found !== undefined && found.timestampMs <= record.timestampMs)) continue;
        found = record;
        enough.abort();
      }
    };
    const signal = AbortSignal.any([search.signal, enough.signal]);
    try {
      await readSpans(search.cluster, spans, signal, onRecords, sought(text, count));
    } catch (error) {
      if (!enough.signal.aborted || search.signal.aborted) throw error;
    }
    if (found !== undefined) return { record: found, searched };
  }
  return { record: undefined, searched };
}

async function collect(
  { cluster, decoder, signal, windows, onProgress }: TraceSearch,
  roles: readonly (readonly [RecordRole, string])[],
  keys: readonly string[] | undefined,
  window: TimeWindow,
  isIt: (record: ConsumedRecord) => boolean,
  text: Buffer | undefined,
): Promise<Found> {
  const found: { readonly role: RecordRole; readonly record: ConsumedRecord }[] = [];
  const oldestMs = Math.min(window.fromMs, ...windows.map(({ fromMs }) => fromMs));
  let searched = 0;
  const count = (records: number): void => {
    searched += records;
    onProgress(searched);
  };
  await Promise.all(
    roles.map(async ([role, topic]) => {
      // A letter that was redriven is older than the event that it became.
      const all = await spansIn(cluster, topic, role === 'dead letter' ? { ...window, fromMs: oldestMs } : window);
      const partitions = (await cluster.admin.watermarks(topic)).length;
      const wanted = keys && new Set(keys.map((key) => partitionFor(Buffer.from(key), partitions)));
      // Records without a key, which doors refused, may be anywhere on the dead letters.
      const spans =
        wanted === undefined || role === 'dead letter' ? all : all.filter(({ partition }) => wanted.has(partition));
      const onRecords = (records: readonly ConsumedRecord[]): void => {
        count(records.length);
        for (const record of records) if (isIt(record)) found.push({ role, record });
      };
      await readSpans(cluster, spans, signal, onRecords, sought(text, count));
    }),
  );
  const stations = await Promise.all(found.map(({ role, record }) => describeRecord(role, record, decoder)));
  return { stations: stations.toSorted((a, b) => a.timestampMs - b.timestampMs || order(a) - order(b)), searched };
}

function sought(holding: Buffer | undefined, onSkipped: (records: number) => void): ContainsFilter | undefined {
  return holding === undefined ? undefined : { bytes: holding, onSkipped };
}

function order({ role }: DescribedRecord): number {
  return role === 'event' ? 0 : role === 'command' ? 1 : 2;
}

async function spansIn(
  { admin, reader }: Cluster,
  topic: string,
  { fromMs, untilMs }: TimeWindow,
): Promise<PartitionSpan[]> {
  const from = await admin.offsetsAt(topic, Math.max(0, Math.floor(fromMs)));
  const until = Number.isFinite(untilMs) ? await admin.offsetsAt(topic, Math.floor(untilMs)) : undefined;
  const spans = await Promise.all(
    [...from].map(async ([partition, fromOffset]): Promise<PartitionSpan> => {
      const { lastStableOffset } = await settledOffsets(reader, topic, partition);
      const end = until?.get(partition) ?? lastStableOffset;
      return { topic, partition, fromOffset, endOffset: end < lastStableOffset ? end : lastStableOffset };
    }),
  );
  return spans.filter(({ fromOffset, endOffset }) => fromOffset < endOffset);
}
