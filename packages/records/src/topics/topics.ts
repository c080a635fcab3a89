/** The one list of topics: names, partitions, retention. `astrolabe topics apply` makes the cluster agree with it. */

const DAY_MS = 86_400_000;

export interface TopicDefinition {
  readonly name: string;
  /**
   * Partition count at creation. Source and command topics have the same count of dead letters, so that partition
   * numbers agree.
   */
  readonly partitions: number;
  /**
   * A key's partition is where its order holds and where what is remembered of it is kept. Such a topic gets no more
   * partitions once it holds records: keys would move, and with them users would be forgotten who were deleted for
   * privacy.
   */
  readonly bindsKeys?: boolean;
  readonly cleanupPolicy: 'delete' | 'compact';
  /** Undefined for compacted topics. */
  readonly retentionMs: number | undefined;
  /**
   * After how long the broker begins a new file, the unit in which old records go. Undefined: the broker's default, 7
   * days.
   */
  readonly segmentMs?: number;
  /**
   * After how many bytes the broker begins a new file. It compacts all files of a partition but the newest, which
   * everybody who starts reads whole. Undefined: the broker's default, 1 GiB.
   */
  readonly segmentBytes?: number;
  /** Largest record batch, in bytes. Undefined: the broker's default, 1,048,588. */
  readonly maxMessageBytes: number | undefined;
  readonly key: string;
  readonly value: string;
}

export type TopicRole =
  | 'segmentEvents'
  | 'segmentEventsDeadLetters'
  | 'commands'
  | 'commandsDeadLetters'
  | 'replayedCommands'
  | 'deliveries'
  | 'mapperState'
  | 'redrives'
  | 'replays'
  | 'audit';

export const DEFAULT_PARTITIONS = 6;

/**
 * A dead letter is its source record and the headers that tell the cause: the largest record must still find its place
 * here. What is larger came compressed, and is cut (dead-letter.ts).
 */
export const DEAD_LETTER_MAX_BYTES = 1_048_588 + 65_536;

/** Without `partitions`: as many as are chosen for the pipeline. */
const definitions: Readonly<Record<TopicRole, Omit<TopicDefinition, 'partitions'> & { readonly partitions?: 1 }>> = {
  segmentEvents: {
    name: 'segment.events.v1',
    bindsKeys: true,
    cleanupPolicy: 'delete',
    retentionMs: 7 * DAY_MS,
    maxMessageBytes: undefined,
    key: 'JSON array [connector, "user" | "anonymous" | "account", id]',
    value: "the sender's JSON text, with what ingest adds spliced in",
  },
  segmentEventsDeadLetters: {
    name: 'segment.events.dlq.v1',
    cleanupPolicy: 'delete',
    retentionMs: 30 * DAY_MS,
    maxMessageBytes: DEAD_LETTER_MAX_BYTES,
    key: 'that of the source record',
    value: 'the source record byte for byte, cut if it does not fit; cause in headers',
  },
  commands: {
    name: 'astrolabe.commands.v1',
    bindsKeys: true,
    cleanupPolicy: 'delete',
    retentionMs: 7 * DAY_MS,
    maxMessageBytes: undefined,
    key: 'JSON array [connector, "user" | "anonymous" | "account", id] of what the command changes',
    value: 'Avro in Confluent framing, one schema for each command',
  },
  commandsDeadLetters: {
    name: 'astrolabe.commands.dlq.v1',
    cleanupPolicy: 'delete',
    retentionMs: 30 * DAY_MS,
    maxMessageBytes: DEAD_LETTER_MAX_BYTES,
    key: 'that of the source record',
    value: 'the source record byte for byte, cut if it does not fit; cause in headers',
  },
  replayedCommands: {
    // Of their own, so that no live command waits behind them. Partitioned like the commands: the dispatcher that owns
    // a partition of those reads the same one here, and keeps order and ledger with them.
    name: 'astrolabe.replayed-commands.v1',
    bindsKeys: true,
    cleanupPolicy: 'delete',
    retentionMs: 7 * DAY_MS,
    maxMessageBytes: undefined,
    key: 'as in `astrolabe.commands.v1`',
    value: 'the same: a command that the mapper made of a replayed event',
  },
  deliveries: {
    name: 'astrolabe.deliveries.v1',
    cleanupPolicy: 'delete',
    retentionMs: 2 * DAY_MS,
    segmentMs: DAY_MS / 6,
    maxMessageBytes: undefined,
    key: 'none',
    value: 'a packed chunk of deliveries: the outcome of each command, and when',
  },
  mapperState: {
    name: 'astrolabe.mapper-state.v1',
    cleanupPolicy: 'compact',
    retentionMs: undefined,
    // A position is stored with each transaction: a restart would read days of them. As Kafka Streams has it.
    segmentBytes: 52_428_800,
    maxMessageBytes: undefined,
    key: 'JSON array [connector, "user-sha256", hash of the id], ["", "position", group], ["", "position", group, "claim", owner], ["", "position", group, "replay", id] or ["", "clock"]',
    value:
      'JSON: what the mapper remembers of the user, the next offset of the source partition, the transactional ids of its owner, its progress with a replay, or its clock',
  },
  redrives: {
    name: 'astrolabe.redrives.v1',
    // One is enough: a redrive writes a few records, and listing what still waits reads them all.
    partitions: 1,
    cleanupPolicy: 'delete',
    // Longer than dead letters are kept, segments included: one that outlived its mark would be listed as waiting
    // again.
    retentionMs: 60 * DAY_MS,
    maxMessageBytes: undefined,
    key: 'dead-letter topic and partition',
    value: 'JSON: offsets of the dead letters that were redriven in the same transaction',
  },
  replays: {
    name: 'astrolabe.replays.v1',
    // One is enough: an order for each replay, and about a record a second for each partition that works on one.
    partitions: 1,
    cleanupPolicy: 'compact',
    retentionMs: undefined,
    // Some ten thousand records of progress, so that a list of replays is soon read, however long one takes.
    segmentBytes: 4_194_304,
    maxMessageBytes: undefined,
    key: 'JSON array ["replay", id], ["progress", service, id, partition] or ["progress", "dispatcher", partition]',
    value: 'JSON: what a replay is to do, or how far a service is with it and what came of it',
  },
  audit: {
    name: 'astrolabe.audit.v1',
    // One is enough: two records for each thing that an operator does, and a page of them is read from the end.
    partitions: 1,
    cleanupPolicy: 'delete',
    // More than a year, so that a yearly review finds its whole year. Far longer than dead letters are kept: a job that
    // was begun is still known while there is anything that it could do.
    retentionMs: 400 * DAY_MS,
    maxMessageBytes: undefined,
    key: 'id of the action',
    value: 'JSON: what an operator has begun, or how it ended: who, from where, what, with which result',
  },
};

export type Topics = Readonly<Record<TopicRole, TopicDefinition>>;

/**
 * The topics under a name prefix (several pipelines on one cluster, or one for each test). All but those that have one
 * partition have `partitions`: what is kept of a partition is kept under its number.
 */
export function topicsFor(prefix = '', partitions = DEFAULT_PARTITIONS): Topics {
  const entries = Object.entries(definitions) as [TopicRole, (typeof definitions)[TopicRole]][];
  return Object.fromEntries(
    entries.map(([role, topic]) => [role, { partitions, ...topic, name: prefix + topic.name }]),
  ) as Topics;
}
