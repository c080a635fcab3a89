/**
 * All that a chaos run saw of the pipeline from outside: the seam between the harness, which reads it once everything
 * has been delivered, and the oracle.
 */
import type { Command, JsonObject } from '@astrolabe/schemas';

export interface Observed {
  /** Final state of the API by connector; every connector has one. */
  readonly workspaces: ReadonlyMap<string, Workspace>;
  /** Commands in the order in which the API executed them, repeated ones included; those of the re-read too. */
  readonly arrivals: readonly Arrival[];
  /** What calls asked the API for, answered or not, each once: see `Attempt`. */
  readonly attempts: readonly Attempt[];
  readonly topics: ObservedTopics;
  /** Every life of every process of the pipeline, in order of start; of dispatchers, as it was before the re-read. */
  readonly lives: readonly ProcessLife[];
  /** The API's own count of keys that came again with another command. */
  readonly keysReused: number;
  /** Invariant of the cluster: the run waited until both groups had committed everything, and no connector lagged. */
  readonly drained: Drained;
  /** Undefined where the run had none, or was stuck before it. */
  readonly readAgain: ReadAgain | undefined;
  /** In the order of their start. */
  readonly replays: readonly ObservedReplay[];
  /** Ids of replays that were started, and that the topic of replays does not have. */
  readonly lostReplays: readonly string[];
}

export type Drained = { readonly kind: 'drained' } | { readonly kind: 'stuck'; readonly detail: string };

/**
 * What came of it when the dispatchers read the whole command topic a second time, after everything had been delivered.
 */
export interface ReadAgain {
  /** Arrivals up to this sequence number are the run's own; later ones are of the re-read. */
  readonly afterSequence: number;
  /** Calls that the re-read made, answered or not, in their order; each as often as it was made. */
  readonly calls: readonly Attempt[];
  /** Lives of dispatchers that began for the re-read. */
  readonly lives: readonly ProcessLife[];
  /** Whether the dispatchers came to the end again. */
  readonly drained: Drained;
}

export interface Workspace {
  readonly users: ReadonlyMap<string, Entity>;
  readonly accounts: ReadonlyMap<string, Entity>;
  /** User ids by account id, sorted; accounts without members are absent. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  /** By the id that the API keeps, which is the command's. */
  readonly events: ReadonlyMap<string, RecordedEvent>;
}

export interface Entity {
  readonly properties: JsonObject;
  /** ISO 8601 UTC with milliseconds. */
  readonly occurredAt: string;
}

export interface RecordedEvent {
  readonly event: string;
  readonly userId: string | null;
  readonly anonymousId: string | null;
  /** ISO 8601 UTC with milliseconds. */
  readonly occurredAt: string;
  readonly properties: JsonObject;
  readonly userProperties: JsonObject | null;
}

/** A command as a call carried it. Calls that repeat one under the same key are one attempt here. */
export interface Attempt {
  readonly connectorId: string;
  /** The idempotency key, which has to be the command's id. */
  readonly commandId: string;
  readonly kind: Command['kind'];
  readonly userId: string | null;
  readonly accountId: string | null;
  /** Epoch milliseconds. */
  readonly occurredAtMs: number;
  /** The id in the body of a tracked event; null for other kinds. */
  readonly eventId: string | null;
}

export interface Arrival extends Attempt {
  /** From 1, in the order of execution over all connectors. */
  readonly sequence: number;
  readonly atMs: number;
  /**
   * `unchanged`: executed, and what was there is as new or newer. `replayed`: the key was known, nothing was executed.
   */
  readonly outcome: 'applied' | 'unchanged' | 'replayed' | 'key-reused';
}

export interface ObservedTopics {
  readonly events: readonly EventRecord[];
  readonly commands: readonly CommandRecord[];
  /** Commands that replays of events have made. */
  readonly replayedCommands: readonly ReplayedCommandRecord[];
  readonly eventDeadLetters: readonly DeadLetter[];
  readonly commandDeadLetters: readonly DeadLetter[];
}

export interface Position {
  readonly partition: number;
  readonly offset: bigint;
}

/** A record as it stands on a topic; order holds within a partition. */
interface TopicRecord extends Position {
  /** The record's key, as text; null where it has none. */
  readonly key: string | null;
  readonly connectorId: string;
  readonly messageId: string;
  /** ISO 8601 UTC with milliseconds. */
  readonly receivedAt: string;
}

export interface EventRecord extends TopicRecord {
  /** The event's JSON, as it is on the topic. */
  readonly value: string;
}

export interface CommandRecord extends TopicRecord {
  readonly commandId: string;
  /** Undefined where the value could not be decoded. */
  readonly command: Command | undefined;
}

export interface ReplayedCommandRecord extends CommandRecord {
  readonly replayId: string;
  /** Where the event stands that was replayed; undefined where the record does not say. */
  readonly from: Position | undefined;
}

export interface DeadLetter extends TopicRecord {
  /** One of docs/errors.md. */
  readonly code: string;
  readonly message: string;
  /** Position of the source record; undefined if ingest dead-lettered the event before it was a record. */
  readonly source: Position | undefined;
  /** Only on dead letters of commands. */
  readonly commandId: string | undefined;
  /** Undefined for what no replay has brought. */
  readonly replayId: string | undefined;
  /** The value as text: JSON for events, bytes of no meaning for commands. */
  readonly value: string;
}

/** A replay as the operator's program tells of it at the end. */
export interface ObservedReplay {
  readonly id: string;
  readonly source: 'events' | 'commands';
  readonly isForced: boolean;
  /** Of everything that was on the topic when it was started. */
  readonly isOfAll: boolean;
  /** Undefined: of all of them. */
  readonly connectorIds: readonly string[] | undefined;
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  /** `open`: it is not over. */
  readonly phase: 'finished' | 'cancelled' | 'open';
  /** One for each partition. */
  readonly spans: readonly ReplayedSpan[];
  readonly counts: ReplayCounts;
}

export interface ReplayedSpan {
  readonly partition: number;
  readonly fromOffset: bigint;
  /** The first that is not in it. */
  readonly endOffset: bigint;
  /** The first that has not been read; undefined before reading has begun. */
  readonly nextOffset: bigint | undefined;
}

/** What the report of a replay says. */
export interface ReplayCounts {
  readonly read: number;
  readonly replayedBefore: number;
  readonly filteredOut: number;
  readonly unreadable: number;
  readonly expired: number;
  readonly matched: number;
  /** Undefined for commands: what became of the events. */
  readonly events: { readonly mapped: number; readonly skipped: number; readonly deadLettered: number } | undefined;
  /** That were made of events. */
  readonly commands: number;
  readonly skippedByLedger: number;
  readonly delivered: number;
  readonly duplicate: number;
  readonly deadLettered: number;
  readonly cancelled: number;
  readonly lost: number;
  readonly pending: number;
}

export type ServiceName = 'ingest' | 'mapper' | 'dispatcher';

/** One life of one process: from its start to its end, or to the end of the run. */
export interface ProcessLife {
  readonly service: ServiceName;
  /** `ingest-1`. */
  readonly instance: string;
  /** From 1, for each instance. */
  readonly life: number;
  /**
   * `running` at the end of the run: its metrics are complete. Otherwise they are those of the last look, up to a
   * second older.
   */
  readonly end: 'running' | 'stopped' | 'killed' | 'crashed';
  /** Of the last look: every sample of `/metrics`. */
  readonly metrics: readonly MetricSample[];
  /** About one a second, oldest first. */
  readonly usage: readonly UsageSample[];
  /** Lines of its log at level error or above. */
  readonly errors: readonly string[];
}

export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface UsageSample {
  readonly atMs: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly openDescriptors: number;
  /** Timers and other handles that keep the process busy. */
  readonly activeHandles: number;
}
