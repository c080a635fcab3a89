/**
 * The hops of an event, a command or a user: every record that it left on the topics. Only partitions that may contain
 * one are read, from the time of the first record on.
 */
import { deliveryIdOf, forcedDeliveryId } from '@astrolabe/ledger';
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
import type { Cluster } from '../cluster/cluster.ts';
import type { SettledOffsets } from '../cluster/settled-offsets.ts';
import { offsetsIn, readSpans, spansSince } from '../cluster/spans.ts';
import { bytesOfId, messageIdOf } from '../core/record-ids.ts';
import { describeRecord, type DescribedRecord, type RecordRole } from '../records/describe-record.ts';
import { NewestRecords } from './core/newest-records.ts';
import type { TimeWindow } from './core/search-windows.ts';

export interface FoundHops {
  /** In the order of their times. */
  readonly hops: readonly DescribedRecord[];
  /** Records that were read or skipped. */
  readonly searched: number;
  /** Records that were found and left out, the oldest ones: `maxHops`. */
  readonly leftOut: number;
}

export interface TraceSearch {
  readonly cluster: Pick<Cluster, 'admin' | 'reader' | 'topics'>;
  /** Of this search, which looks at a topic several times. */
  readonly settled: SettledOffsets;
  readonly decoder: CommandDecoder | undefined;
  readonly signal: AbortSignal;
  /** Searched for an id one after the other (`searchWindows`). */
  readonly windows: readonly TimeWindow[];
  /** Ids of replays that deliver again what was delivered. */
  readonly forcedReplays: readonly string[];
  readonly onProgress: (searched: number) => void;
  /** Most hops that are kept: a user may have millions. Undefined: all. */
  readonly maxHops?: number | undefined;
}

/** Clocks of producers and brokers are assumed to differ by less: a command may be stored "before" its event. */
const SLACK_MS = 60_000;

const rolesOf = (topics: Topics): readonly (readonly [RecordRole, string])[] => [
  ['event', topics.segmentEvents.name],
  ['dead letter', topics.segmentEventsDeadLetters.name],
  ['command', topics.commands.name],
  ['command', topics.replayedCommands.name],
  ['dead letter', topics.commandsDeadLetters.name],
];

/** A command by its id, or by that of its delivery where a replay forced it, with the event that it was made of. */
export async function traceCommand(search: TraceSearch, commandId: string): Promise<FoundHops> {
  const { topics } = search.cluster;
  const commands = [topics.commands.name, topics.replayedCommands.name, topics.commandsDeadLetters.name];
  const own = await findFirst(
    search,
    commands,
    (record) => headerText(record, headerNames.commandId) === commandId,
    Buffer.from(commandId),
  );
  // The id of a forced delivery is not in the record: it is derived from the command's and the replay's, so every
  // command has to be read.
  const first =
    own.record === undefined
      ? await findFirst(search, commands, (record) => isForcedAs(search, record, commandId))
      : own;
  const ownId = first.record && headerText(first.record, headerNames.commandId);
  const messageId = first.record && messageIdOf(first.record);
  if (messageId === undefined) return { hops: [], searched: first.searched, leftOut: 0 };
  const found = await traceMessage(search, messageId, first.record);
  const hops = found.hops.filter(({ commandId: id }) => id === undefined || id === ownId);
  return { ...found, hops, searched: first.searched + found.searched };
}

/** All records of a user's keys in a stretch of time: one partition of each topic for each connector. */
export async function traceUser(
  search: TraceSearch,
  userId: string,
  connectors: readonly string[],
  sinceMs: number,
): Promise<FoundHops> {
  const keys = new Set(connectors.map((connector) => encodeKey(connector, 'user', userId)));
  const window = { fromMs: sinceMs, untilMs: Number.POSITIVE_INFINITY };
  const matches = (record: ConsumedRecord): boolean => keys.has(record.key?.toString('utf8') ?? '');
  const text = Buffer.from(JSON.stringify(userId));
  return collect(search, rolesOf(search.cluster.topics), [...keys], window, matches, text);
}

function isForcedAs({ forcedReplays }: TraceSearch, record: ConsumedRecord, deliveryId: string): boolean {
  const commandId = headerText(record, headerNames.commandId);
  if (commandId === undefined) return false;
  if (deliveryIdOf(record, commandId) === deliveryId) return true;
  return forcedReplays.some((replayId) => forcedDeliveryId(replayId, commandId) === deliveryId);
}

/**
 * An event by its `messageId`, with its commands and dead letters. `known`: one of its commands, where that was found
 * first.
 */
export async function traceMessage(search: TraceSearch, id: string, known?: ConsumedRecord): Promise<FoundHops> {
  const { topics } = search.cluster;
  const matches = (record: ConsumedRecord): boolean => messageIdOf(record) === id;
  const text = bytesOfId(id);
  const entries = [topics.segmentEvents.name, topics.segmentEventsDeadLetters.name];
  const first = known === undefined ? await findFirst(search, entries, matches, text) : { record: known, searched: 0 };
  if (first.record === undefined) return { hops: [], searched: first.searched, leftOut: 0 };
  // An event's commands are keyed by the user or account that they change, which the event's key or text names.
  const keys = known === undefined ? await keysOf(first.record, search.decoder) : undefined;
  // What a replay sent may be younger than its original by as much as the retention of the topics.
  const fromMs =
    headerText(first.record, headerNames.replayId) === undefined
      ? first.record.timestampMs - (known === undefined ? SLACK_MS : DAY_MS)
      : Math.min(first.record.timestampMs - SLACK_MS, ...search.windows.map((each) => each.fromMs));
  const window = { fromMs, untilMs: Number.POSITIVE_INFINITY };
  const rest = await collect(search, rolesOf(topics), keys, window, matches, text);
  return { ...rest, searched: first.searched + rest.searched };
}

/** How much younger than its event a redriven command may be. */
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

/**
 * Searches the windows of the id in turn, and stops at the first record. With `text`, skips batches that do not contain
 * it.
 */
async function findFirst(
  search: TraceSearch,
  topics: readonly string[],
  matches: (record: ConsumedRecord) => boolean,
  text?: Buffer,
): Promise<{ readonly record: ConsumedRecord | undefined; readonly searched: number }> {
  let searched = 0;
  const count = (records: number): void => {
    searched += records;
    search.onProgress(searched);
  };
  for (const window of search.windows) {
    let found: ConsumedRecord | undefined;
    const spans = (
      await Promise.all(
        topics.map((topic) => spansSince(search.cluster, topic, window.fromMs, window.untilMs, search.settled)),
      )
    ).flat();
    if (offsetsIn(spans) === 0) continue;
    const enough = new AbortController();
    const onRecords = (records: readonly ConsumedRecord[]): void => {
      count(records.length);
      for (const record of records) {
        if (!matches(record) || (found !== undefined && found.timestampMs <= record.timestampMs)) continue;
        found = record;
        enough.abort();
      }
    };
    const signal = AbortSignal.any([search.signal, enough.signal]);
    try {
      await readSpans(search.cluster, spans, signal, onRecords, containing(text, count));
    } catch (error) {
      if (!enough.signal.aborted || search.signal.aborted) throw error;
    }
    if (found !== undefined) return { record: found, searched };
  }
  return { record: undefined, searched };
}

async function collect(
  { cluster, settled, decoder, signal, windows, onProgress, maxHops }: TraceSearch,
  roles: readonly (readonly [RecordRole, string])[],
  keys: readonly string[] | undefined,
  window: TimeWindow,
  matches: (record: ConsumedRecord) => boolean,
  text: Buffer | undefined,
): Promise<FoundHops> {
  const found = new NewestRecords(maxHops);
  const oldestMs = Math.min(window.fromMs, ...windows.map(({ fromMs }) => fromMs));
  let searched = 0;
  const count = (records: number): void => {
    searched += records;
    onProgress(searched);
  };
  await Promise.all(
    roles.map(async ([role, topic]) => {
      // A redriven dead letter is older than the event that it became.
      const fromMs = role === 'dead letter' ? oldestMs : window.fromMs;
      const all = await spansSince(cluster, topic, fromMs, window.untilMs, settled);
      const partitions = (await cluster.admin.watermarks(topic)).length;
      const wanted = keys && new Set(keys.map((key) => partitionFor(Buffer.from(key), partitions)));
      // Records that ingest or a backfill refused have no key, and may be on any partition of the dead letters.
      const spans =
        wanted === undefined || role === 'dead letter' ? all : all.filter(({ partition }) => wanted.has(partition));
      const onRecords = (records: readonly ConsumedRecord[]): void => {
        count(records.length);
        for (const record of records) if (matches(record)) found.add(role, record);
      };
      await readSpans(cluster, spans, signal, onRecords, containing(text, count));
    }),
  );
  const { kept, leftOut } = found.all();
  const hops = await Promise.all(kept.map(({ role, record }) => describeRecord(role, record, decoder)));
  return { hops: hops.toSorted((a, b) => a.timestampMs - b.timestampMs || order(a) - order(b)), searched, leftOut };
}

function containing(bytes: Buffer | undefined, onSkipped: (records: number) => void): ContainsFilter | undefined {
  return bytes === undefined ? undefined : { bytes, onSkipped };
}

function order({ role }: DescribedRecord): number {
  return role === 'event' ? 0 : role === 'command' ? 1 : 2;
}
