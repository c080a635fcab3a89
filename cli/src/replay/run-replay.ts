/**
 * Sends the records of a replay through their topic again, and waits until all of them have ended.
 *
 * 1. Take over the replay's transactional id: another run of it commits nothing any more, and what it has committed is final. 2. Read the
 * replay's state; a new one is stored before anything is sent. 3. One transaction for each batch: the records, the state behind them, the
 * position of the replay's group. A crash anywhere leaves records that are sent and counted, or neither. 4. Follow what the services make of
 * them; no more than so many are under way at a time, which is how long live traffic can wait behind them.
 */
import {
  headerNames,
  openTransactionalProducer,
  partitionFor,
  type ConsumedRecord,
  type OutgoingRecord,
  type TransactionalProducer,
} from '@astrolabe/kafka';
import type { CommandContext } from '../command-context.ts';
import { createPace } from '../pace.ts';
import type { Progress } from '../progress.ts';
import { createFollower, type Follower, type ServiceGroups } from './follow-outcomes.ts';
import { readSource, type SourceReading } from './read-source.ts';
import { findReplay } from './replay-log.ts';
import { countSorted, encodeState, positionsOf, type ReplaySpan, type ReplayState } from './replay-state.ts';

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

export interface ReplayEnd {
  readonly state: ReplayState;
  readonly tally: Follower['tally'];
  /** Records and commands that had not ended when patience did. */
  readonly pending: number;
}

const BATCH_BYTES = 4_000_000;
const BATCH_RECORDS = 500;
const POLL_MS = 100;

export async function runReplay(run: ReplayRun): Promise<ReplayEnd> {
  const { context, reading, topicPrefix, groups, initial } = run;
  const { cluster } = reading;
  const { id } = initial;
  const producer = await openTransactionalProducer({
    connection: cluster.connection,
    transactionalId: `${topicPrefix}astrolabe.replay.${id}`,
  });
  try {
    const state = (await findReplay(cluster, id, context.signal)) ?? initial;
    const follower = createFollower(cluster, groups, state);
    const progress = context.startProgress('replay', state.request.source);
    try {
      const sender = new ReplaySender(run, state, producer, follower, progress);
      await sender.commit([]);
      for (const span of state.spans) await sender.send(span);
      const pending = await sender.untilOutstanding(0);
      return { state, tally: follower.tally, pending };
    } finally {
      progress.end();
    }
  } finally {
    await producer.close();
  }
}

/** One run of a replay. */
class ReplaySender {
  readonly #run: ReplayRun;
  readonly #state: ReplayState;
  readonly #producer: TransactionalProducer;
  readonly #follower: Follower;
  readonly #progress: Progress;
  readonly #pace: ReturnType<typeof createPace>;
  #partitions = 0;

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
  }

  async send(span: ReplaySpan): Promise<void> {
    const { reading, context, maxOutstanding } = this.#run;
    const { counts } = this.#state;
    const maxRecords = Math.min(maxOutstanding, this.#pace.share(BATCH_RECORDS));
    await readSource(reading, span, context.signal, async (portion) => {
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
    });
    span.position = span.endOffset;
    await this.commit([]);
  }

  async #sendBatch(batch: readonly ConsumedRecord[]): Promise<void> {
    const { context, maxOutstanding } = this.#run;
    if (batch.length > 0) {
      await this.#pace.take(batch.length, context.signal);
      const room = maxOutstanding - batch.length;
      // `sent` counts the batch already.
      const outstanding = await this.untilOutstanding(room, batch.length);
      if (outstanding > room) throw new StalledError(outstanding);
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
    if (outcome.kind === 'fenced') throw new Error(`another run of replay ${state.id} was started and has taken over`);
    this.#show();
  }

  /** Waits until no more than `most` are under way; resolves with the number, larger if nothing moves any more. */
  async untilOutstanding(most: number, unsent = 0): Promise<number> {
    const { context, patienceMs } = this.#run;
    const { clock, signal } = context;
    let movedAtMs = clock.nowMs();
    let last = '';
    for (;;) {
      if (this.#outstanding(unsent) <= most) return this.#outstanding(unsent);
      const movement = await this.#follower.poll(signal);
      this.#show();
      const outstanding = this.#outstanding(unsent);
      if (outstanding <= most) return outstanding;
      if (movement !== last) movedAtMs = clock.nowMs();
      else if (clock.nowMs() - movedAtMs >= patienceMs) return outstanding;
      last = movement;
      await clock.sleep(POLL_MS, signal);
    }
  }

  #outstanding(unsent: number): number {
    const { tally } = this.#follower;
    const { counts, request } = this.#state;
    const sources = counts.sent - unsent - tally.settled;
    return request.source === 'commands' ? sources : sources + tally.pendingCommands;
  }

  /** By offsets read and by records that have ended, whichever is behind. */
  #show(): void {
    const { spans, counts } = this.#state;
    const total = spans.reduce((sum, span) => sum + Number(span.endOffset - span.fromOffset), 0);
    const read = spans.reduce((sum, span) => sum + Number(span.position - span.fromOffset), 0);
    const ended = counts.sent === 0 ? 1 : this.#follower.tally.settled / counts.sent;
    this.#progress.update(this.#follower.tally.settled, { share: total === 0 ? 1 : (read / total) * ended });
  }
}

/** Nothing moves and there is no room to send more. What is pending is told; another run goes on. */
export class StalledError extends Error {
  readonly pending: number;

  static {
    Object.defineProperty(this.prototype, 'name', { value: 'StalledError', writable: true, configurable: true });
  }

  constructor(pending: number) {
    super(`${pending} records are under way and no service moves; see "astrolabe lag" and "astrolabe doctor"`);
    this.pending = pending;
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
