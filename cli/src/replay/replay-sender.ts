/**
 * One run of a replay: batches at the rate, each with the state behind it and the position of the replay's group in one transaction. A crash
 * anywhere leaves records that are sent and counted, or neither.
 *
 * Live traffic goes first. Nothing is sent while the services are behind, and no more than so many records are under way at a time. A
 * transaction has records of one source partition and there are about ten a second, so that few live records stand behind an open one.
 */
import type { TransactionalProducer } from '@astrolabe/kafka';
import { headerNames, partitionFor, type ConsumedRecord, type OutgoingRecord } from '@astrolabe/records';
import type { CommandContext } from '../command-context.ts';
import { createPace } from '../pace.ts';
import type { Progress } from '../progress.ts';
import type { Follower, ServiceGroups } from './follow-outcomes.ts';
import { readSource, type SortedRecord, type SourceReading } from './read-source.ts';
import {
  countSorted,
  countUnreadable,
  encodeState,
  positionsOf,
  replayProgress,
  type ReplayCounts,
  type ReplaySpan,
  type ReplayState,
} from './replay-state.ts';

export interface ReplayRun {
  readonly context: CommandContext;
  readonly reading: SourceReading;
  readonly topicPrefix: string;
  readonly groups: ServiceGroups;
  /** Where no state of that id is found. */
  readonly initial: ReplayState;
  readonly recordsPerSecond: number;
  readonly maxOutstanding: number;
  /** Without any movement of the services. */
  readonly patienceMs: number;
}

const BATCH_BYTES = 4_000_000;
const BATCH_RECORDS = 500;
/** Between two looks at the services: while they are waited for, and while records are sent. */
const WAIT_LOOK_MS = 100;
const SEND_LOOK_MS = 500;
/** The services commit every 100 ms, the mapper what leaves no trace after 500 ms. */
const BEHIND_MS = 2_000;

export class ReplaySender {
  readonly #run: ReplayRun;
  readonly #state: ReplayState;
  readonly #producer: TransactionalProducer;
  readonly #follower: Follower;
  readonly #progress: Progress;
  readonly #pace: ReturnType<typeof createPace>;
  #partitions = 0;
  #stored: ReplayCounts;
  #behindMs = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #movement = '';
  #movedAtMs = 0;

  constructor(
    run: ReplayRun,
    state: ReplayState,
    producer: TransactionalProducer,
    follower: Follower,
    progress: Progress,
  ) {
    this.#run = run;
    this.#state = state;
    this.#producer = producer;
    this.#follower = follower;
    this.#progress = progress;
    this.#pace = createPace(run.recordsPerSecond, run.context.clock);
    this.#stored = { ...state.counts };
  }

  /** As the last transaction stored them. */
  get stored(): ReplayCounts {
    return this.#stored;
  }

  /** Records and commands that are under way. */
  get pending(): number {
    const { tally } = this.#follower;
    const sources = this.#stored.sent - tally.settled;
    return this.#state.request.source === 'commands' ? sources : sources + tally.pendingCommands;
  }

  /** Rejects with a `StalledError` when the services do not move, with a `TakenOverError`, and with whatever the brokers refuse. */
  async send(span: ReplaySpan): Promise<void> {
    const { reading, context, maxOutstanding } = this.#run;
    const { counts } = this.#state;
    const maxRecords = Math.min(maxOutstanding, this.#pace.share(BATCH_RECORDS));
    const onPortion = async (portion: readonly SortedRecord[]): Promise<void> => {
      let batch: ConsumedRecord[] = [];
      let bytes = 0;
      for (const { record, sorted } of portion) {
        const sizeBytes = record.value?.length ?? 0;
        if (batch.length === maxRecords || (batch.length > 0 && bytes + sizeBytes > BATCH_BYTES)) {
          await this.#sendBatch(batch);
          batch = [];
          bytes = 0;
        }
        countSorted(counts, sorted);
        span.position = record.offset + 1n;
        if (sorted !== 'send') continue;
        batch.push(record);
        bytes += sizeBytes;
      }
      await this.#sendBatch(batch);
    };
    await readSource(reading, span, context.signal, onPortion, (records) => countUnreadable(counts, records));
    span.position = span.endOffset;
    await this.commit([]);
  }

  async #sendBatch(batch: readonly ConsumedRecord[]): Promise<void> {
    const { context, maxOutstanding } = this.#run;
    if (batch.length > 0) {
      await this.#pace.take(batch.length, context.signal);
      if (context.clock.monotonicMs() - this.#lookedAtMs >= SEND_LOOK_MS) await this.#look();
      await this.#until(() => this.#behindMs <= BEHIND_MS && this.pending <= maxOutstanding - batch.length);
    }
    await this.commit(batch);
  }

  async commit(batch: readonly ConsumedRecord[]): Promise<void> {
    const { reading, topicPrefix, context } = this.#run;
    const state = this.#state;
    context.signal.throwIfAborted();
    if (this.#partitions === 0) this.#partitions = (await reading.cluster.admin.watermarks(reading.topic)).length;
    const records = batch.map((record) => replayedRecord(record, state, this.#partitions));
    const replays = reading.cluster.topics.replays.name;
    const mark = { key: Buffer.from(state.id), value: encodeState(state), headers: {}, partition: 0 };
    const groupId = `${topicPrefix}astrolabe.replay.${state.id}`;
    const outcome = await this.#producer.commit(
      // Live records behind these wait for the end of the transaction: they come last.
      [{ topic: replays, records: [mark] }, ...(records.length > 0 ? [{ topic: reading.topic, records }] : [])],
      { groupId, topic: reading.topic, nextOffsets: positionsOf(state.spans) },
    );
    if (outcome.kind === 'fenced') throw new TakenOverError(state.id);
    this.#stored = { ...state.counts };
    this.#show();
  }

  /** Resolves when no more than `most` are under way; rejects with a `StalledError` when nothing moves any more. */
  untilOutstanding(most: number): Promise<void> {
    return this.#until(() => this.pending <= most);
  }

  async #until(isReached: () => boolean): Promise<void> {
    const { context, patienceMs } = this.#run;
    const { clock, signal } = context;
    this.#movedAtMs = clock.monotonicMs();
    while (!isReached()) {
      await this.#look();
      if (isReached()) return;
      if (clock.monotonicMs() - this.#movedAtMs >= patienceMs) throw new StalledError(this.pending);
      await clock.sleep(WAIT_LOOK_MS, signal);
    }
  }

  async #look(): Promise<void> {
    const { clock, signal } = this.#run.context;
    const { movement, behindMs } = await this.#follower.poll(clock.nowMs(), signal);
    this.#lookedAtMs = clock.monotonicMs();
    this.#behindMs = behindMs;
    if (movement !== this.#movement) this.#movedAtMs = this.#lookedAtMs;
    this.#movement = movement;
    this.#show();
  }

  #show(): void {
    const { done, share } = replayProgress(this.#state, this.#follower.tally.settled);
    this.#progress.update(done, { share });
  }
}

/** No service moves: there is no room to send more, or what was sent does not end. */
export class StalledError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', { value: 'StalledError', writable: true, configurable: true });
  }

  constructor(pending: number) {
    super(`${pending} are under way and no service moves; see "astrolabe lag" and "astrolabe doctor"`);
  }
}

/** Another process has begun to run the same replay; this one stores nothing any more. */
export class TakenOverError extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', { value: 'TakenOverError', writable: true, configurable: true });
  }

  constructor(replayId: string) {
    super(`Another run of replay ${replayId} was started and has taken over; it goes on, and this one ends.`);
  }
}

/** The record as it was, with the marks of this replay in place of an earlier one's. */
export function replayedRecord(
  { topic, partition, offset, key, value, headers }: ConsumedRecord,
  { id, request }: Pick<ReplayState, 'id' | 'request'>,
  partitions: number,
): OutgoingRecord & { readonly partition: number } {
  const { [headerNames.replayForce]: _earlier, ...others } = headers;
  return {
    key,
    value,
    headers: {
      ...others,
      [headerNames.replayId]: Buffer.from(id),
      [headerNames.replayFrom]: Buffer.from(`${topic}:${partition}:${offset}`),
      ...(request.force === true ? { [headerNames.replayForce]: Buffer.from('1') } : {}),
    },
    // The lane that live records of the key take now.
    partition: key === null ? partition : partitionFor(key, partitions),
  };
}
