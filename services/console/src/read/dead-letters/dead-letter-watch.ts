/**
 * Keeps the index of dead letters up to date for all tabs: reads the dead-letter topics and the decisions once, and
 * what comes after that every few seconds. What it asks of the brokers at rest are the watermarks of three topics.
 */
import {
  deadLetterTopics,
  offsetsOf,
  parseMark,
  readCause,
  type Cluster,
  type DeadLetterRole,
} from '@astrolabe/operations';
import { isRecreated, type ConsumedRecord } from '@astrolabe/records';
import type { Clock } from '@astrolabe/service-kit/clock';
import { errorMessage, isPipelineError } from '@astrolabe/service-kit/errors';
import type { IndexState } from '../shapes/dead-letters.ts';
import type { ClusterSource } from '../sources/cluster-source.ts';
import { persist } from '../sources/persist.ts';
import { DeadLetterIndex } from './core/dead-letter-index.ts';
import { Positions } from './core/positions.ts';

export interface DeadLetterWatchOptions {
  readonly clusters: ClusterSource;
  readonly clock: Clock;
  readonly random: () => number;
  /** For the log: it is told to tabs as well, and tried again. */
  readonly onFailure: (error: unknown) => void;
  readonly intervalMs: number;
}

/** 56 MB of the newest dead letters. */
const MAX_RECORDS = 4_000_000;

/** Counts that are older are not called the present any more. */
const STALE_MS = 30_000;

type WatchedCluster = Pick<Cluster, 'admin' | 'reader' | 'inspector' | 'topics'>;

/** What was read of topics that still exist. */
interface Reading {
  readonly index: DeadLetterIndex;
  readonly positions: Positions;
  /** By name. */
  readonly topicIds: ReadonlyMap<string, string>;
}

export class DeadLetterWatch {
  readonly #options: DeadLetterWatchOptions;
  readonly #closing = new AbortController();
  #watching: Promise<void> | undefined;
  #reading: Reading | undefined;
  #isComplete = false;
  #failure: unknown;
  /** When the topics were last read to their end. */
  #lookedMs = 0;

  constructor(options: DeadLetterWatchOptions) {
    this.#options = options;
  }

  /** Begins to read when it is first asked. Empty before anything was read. */
  index(): DeadLetterIndex {
    this.#start();
    return this.#reading?.index ?? new DeadLetterIndex(MAX_RECORDS);
  }

  state(): IndexState {
    this.#start();
    const { done, total } = this.#reading?.positions.progress() ?? { done: 0, total: 0 };
    const progress = { read: done, total };
    if (this.#failure !== undefined) return { state: 'unavailable', message: errorMessage(this.#failure), ...progress };
    const silentMs = this.#isComplete ? this.#options.clock.monotonicMs() - this.#lookedMs : 0;
    if (silentMs > STALE_MS) {
      const message = `the brokers have not answered for ${Math.round(silentMs / 1_000)} s; counts are older than that`;
      return { state: 'unavailable', message, ...progress };
    }
    const leftOut = this.#reading?.index.leftOut ?? 0;
    return {
      state: this.#isComplete ? 'following' : 'reading',
      ...(leftOut === 0 ? {} : { message: `the oldest ${leftOut} are not counted: the console keeps ${MAX_RECORDS}` }),
      ...progress,
    };
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the console stops'));
    await this.#watching;
  }

  #start(): void {
    if (this.#watching !== undefined) return;
    const { clock, random } = this.#options;
    const { signal } = this.#closing;
    const onFailure = (error: unknown): void => {
      this.#failure = error;
      this.#options.onFailure(error);
      // Offsets beyond the end are those of a topic that is gone.
      if (isPipelineError(error, 'kafka.offset-out-of-range')) this.#startOver();
    };
    this.#watching = persist(() => this.#follow(signal), { clock, random, signal, onFailure });
  }

  #startOver(): void {
    this.#reading = undefined;
    this.#isComplete = false;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { clusters, clock, intervalMs } = this.#options;
    const cluster = await clusters.get();
    for (;;) {
      const topicIds = await readTopicIds(cluster);
      if (this.#reading !== undefined && hasOther(this.#reading.topicIds, topicIds)) this.#startOver();
      this.#reading ??= { index: new DeadLetterIndex(MAX_RECORDS), positions: new Positions(), topicIds };
      await this.#readOn(cluster, this.#reading, signal);
      this.#isComplete = true;
      this.#failure = undefined;
      this.#lookedMs = clock.monotonicMs();
      await clock.sleep(intervalMs, signal);
    }
  }

  async #readOn(cluster: WatchedCluster, reading: Reading, signal: AbortSignal): Promise<void> {
    const { topics } = cluster;
    const { index, positions } = reading;
    const names = deadLetterTopics(topics);
    const watched = [topics.redrives.name, names.events, names.commands];
    for (const topic of watched) positions.see(topic, await cluster.admin.watermarks(topic));
    for (const role of ['events', 'commands'] as const) {
      for (const { partition, lowWatermark } of positions.of(names[role])) {
        index.dropBelow({ role, partition }, Number(lowWatermark));
      }
    }
    await readTopic(cluster, positions, topics.redrives.name, signal, (record) => takeMark(record, names, reading));
    for (const role of ['events', 'commands'] as const) {
      await readTopic(cluster, positions, names[role], signal, (record) => {
        const { code, connectorId: connector, message, atMs } = readCause(record);
        const { partition } = record;
        index.add({ role, partition, offset: Number(record.offset), code, connector, message, atMs });
      });
    }
  }
}

/** One partition after the other: two fetches of a few megabytes are in memory at a time. */
async function readTopic(
  { reader }: WatchedCluster,
  positions: Positions,
  topic: string,
  signal: AbortSignal,
  take: (record: ConsumedRecord) => void,
): Promise<void> {
  for (const { partition, nextOffset, highWatermark } of positions.of(topic)) {
    if (nextOffset >= highWatermark) continue;
    const reached = await reader.read({
      topic,
      partition,
      fromOffset: nextOffset,
      signal,
      onRecords: (records, next) => {
        for (const record of records) take(record);
        positions.reached(topic, partition, next);
      },
      // One batch that is corrupt must not hide all dead letters behind it.
      onUnreadable: () => undefined,
    });
    positions.reached(topic, partition, reached);
  }
}

function takeMark(
  { value }: ConsumedRecord,
  names: Readonly<Record<DeadLetterRole, string>>,
  { index, topicIds }: Reading,
): void {
  const mark = parseMark(value);
  const { topic, partition, topicId, kind = 'redriven' } = mark;
  const role = (['events', 'commands'] as const).find((each) => names[each] === topic);
  if (role === undefined) return;
  // Of dead letters that are gone with their topic: those at the same offsets of the new one still wait.
  if (topicId !== undefined && isRecreated(topicId, topicIds.get(topic))) return;
  for (const offset of offsetsOf(mark)) index.decide({ role, partition }, Number(offset), kind);
}

async function readTopicIds({ inspector, topics }: WatchedCluster): Promise<ReadonlyMap<string, string>> {
  const names = Object.values(deadLetterTopics(topics));
  const found = await inspector.describe([...names, topics.redrives.name]);
  return new Map(found.flatMap(({ name, topicId }) => (topicId === undefined ? [] : [[name, topicId] as const])));
}

function hasOther(known: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): boolean {
  return [...now].some(([name, id]) => known.has(name) && known.get(name) !== id);
}
