/** The one list of topics: names, partitions, retention. `astrolabe topics apply` makes the cluster agree with it. */

const DAY_MS = 86_400_000;

export interface TopicDefinition {
  readonly name: string;
  /** Partition count at creation. Source and command topics have the same count of dead letters, so that partition numbers agree. */
  readonly partitions: number;
  readonly cleanupPolicy: 'delete' | 'compact';
  /** Undefined for compacted topics. */
  readonly retentionMs: number | undefined;
  /** After how long the broker begins a new file, the unit in which old records go. Undefined: the broker's default, 7 days. */
  readonly segmentMs?: number;
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
  | 'deliveries'
  | 'mapperState'
  | 'redrives'
  | 'replays';

const DEFAULT_PARTITIONS = 6;

/** A dead letter is its source record and the headers that tell the cause: the largest record must still find its place here. */
const DEAD_LETTER_MAX_BYTES = 1_048_588 + 65_536;

const definitions: Readonly<Record<TopicRole, TopicDefinition>> = {
  segmentEvents: {
    name: 'segment.events.v1',
    partitions: DEFAULT_PARTITIONS,
    cleanupPolicy: 'delete',
    retentionMs: 7 * DAY_MS,
    maxMessageBytes: undefined,
    key: 'JSON array [connector, "user" | "anonymous" | "account", id]',
    value: "the sender's JSON text, with what ingest adds spliced in",
  },
  segmentEventsDeadLetters: {
    name: 'segment.events.dlq.v1',
    partitions: DEFAULT_PARTITIONS,
    cleanupPolicy: 'delete',
    retentionMs: 30 * DAY_MS,
    maxMessageBytes: DEAD_LETTER_MAX_BYTES,
    key: 'as the source',
    value: 'the source record byte for byte, cause in headers',
  },
  commands: {
    name: 'astrolabe.commands.v1',
    partitions: DEFAULT_PARTITIONS,
    cleanupPolicy: 'delete',
    retentionMs: 7 * DAY_MS,
    maxMessageBytes: undefined,
    key: 'JSON array [connector, "user" | "anonymous" | "account", id] of what the command changes',
    value: 'Avro in Confluent framing, one schema for each command',
  },
  commandsDeadLetters: {
    name: 'astrolabe.commands.dlq.v1',
    partitions: DEFAULT_PARTITIONS,
    cleanupPolicy: 'delete',
    retentionMs: 30 * DAY_MS,
    maxMessageBytes: DEAD_LETTER_MAX_BYTES,
    key: 'as the source',
    value: 'the source record byte for byte, cause in headers',
  },
  deliveries: {
    name: 'astrolabe.deliveries.v1',
    // As many as the commands: a partition's deliveries are of the commands of the same partition.
    partitions: DEFAULT_PARTITIONS,
    cleanupPolicy: 'delete',
    retentionMs: 2 * DAY_MS,
    segmentMs: DAY_MS / 6,
    maxMessageBytes: undefined,
    key: 'none',
    value: 'a chunk of deliveries, packed: what became of which command, when',
  },
  mapperState: {
    name: 'astrolabe.mapper-state.v1',
    // A partition for each one of the source topic, under the same number.
    partitions: DEFAULT_PARTITIONS,
    cleanupPolicy: 'compact',
    retentionMs: undefined,
    maxMessageBytes: undefined,
    key: 'JSON array [connector, "user" | "anonymous" | "account", id], or ["", "position", group]',
    value: 'JSON: what the mapper remembers of the user, or the next offset of the source partition',
  },
  redrives: {
    name: 'astrolabe.redrives.v1',
    // One for all: a few records for each redrive, read whole by whoever asks what is still waiting.
    partitions: 1,
    cleanupPolicy: 'delete',
    // Longer than dead letters live, segments included: a letter that outlived its mark would be waiting again.
    retentionMs: 60 * DAY_MS,
    maxMessageBytes: undefined,
    key: 'dead-letter topic and partition',
    value: 'JSON: offsets of the dead letters that were sent back to their source topic in one transaction with this',
  },
  replays: {
    name: 'astrolabe.replays.v1',
    // One for all: each replay has one record, written in one transaction with what it sends.
    partitions: 1,
    cleanupPolicy: 'compact',
    retentionMs: undefined,
    maxMessageBytes: undefined,
    key: 'id of the replay',
    value: 'JSON: what was asked for, how far it has come, and what it has counted',
  },
};

export type Topics = Readonly<Record<TopicRole, TopicDefinition>>;

/** The topics under a name prefix (several pipelines on one cluster, or one for each test). */
export function topicsFor(prefix = ''): Topics {
  const entries = Object.entries(definitions) as [TopicRole, TopicDefinition][];
  return Object.fromEntries(entries.map(([role, topic]) => [role, { ...topic, name: prefix + topic.name }])) as Topics;
}
