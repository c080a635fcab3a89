/**
 * The in-memory fake of the changelog store, for tests that need no broker: takeovers, fences, and failures at every
 * step of a write.
 */
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createInMemoryLog, type InMemoryLog } from './in-memory-log.ts';
import type { OutgoingRecord } from '../record/record.ts';
import type {
  BatchWriter,
  ChangelogStore,
  CommittedOffset,
  TransactionBatch,
  WriteOutcome,
} from '../ports/changelog-store.ts';

/**
 * What becomes of a write. `lost` and `ambiguous` both reject as retryable: the one leaves nothing visible, the other
 * the whole batch.
 */
export type WriteFate = 'written' | 'lost' | 'ambiguous' | { readonly refused: PipelineError };

export interface InMemoryChangelogStore extends ChangelogStore {
  /** Input, outputs and state: what readers of committed records see. */
  readonly log: InMemoryLog;
  /** Asked at each write. Default: all are written. */
  decideFate(decide: () => WriteFate): void;
  /** Writes and openings wait until `release`, be they fenced by then or not. */
  hold(): { release(): void };
  /** Everything but writes that were begun rejects with this until it is undefined again. */
  failWith(error: PipelineError | undefined): void;
  /** What the group has stored, with our mark or without. */
  commit(topic: string, partition: number, committed: CommittedOffset): void;
  readonly takeovers: number;
}

export interface InMemoryChangelogStoreOptions {
  readonly groupId?: string;
  readonly changelogTopic?: string;
  /** Of every topic. Default 1. */
  readonly partitions?: number;
  readonly maxInFlight?: number;
  readonly maxRecordBytes?: number;
}

export function createInMemoryChangelogStore({
  groupId = 'group',
  changelogTopic = 'state',
  partitions = 1,
  maxInFlight = 1,
  maxRecordBytes = 1_000_000,
}: InMemoryChangelogStoreOptions = {}): InMemoryChangelogStore {
  const log = createInMemoryLog({ partitions, maxRecordBytes });
  const brokers = new WritingBrokers(log, changelogTopic, maxRecordBytes);
  const committed = new Map<string, CommittedOffset>();
  let failure: PipelineError | undefined;
  let takeovers = 0;

  const check = (): void => {
    if (failure !== undefined) throw failure;
  };

  const readState: ChangelogStore['readState'] = async (partition, onRecords, signal) => {
    signal.throwIfAborted();
    check();
    const records = log.records(changelogTopic).filter((record) => record.partition === partition);
    if (records.length > 0) await onRecords(records);
  };

  return {
    log,
    groupId,
    changelogTopic,
    get takeovers() {
      return takeovers;
    },
    takeOver: async ({ topic, partition }, onRecords, signal) => {
      await brokers.gate;
      signal.throwIfAborted();
      check();
      takeovers += 1;
      const epoch = await brokers.takeOver(`${topic}:${partition}`);
      await readState(partition, onRecords, signal);
      return { kind: 'owned', writer: new InMemoryBatchWriter(brokers, epoch, maxInFlight) };
    },
    readState,
    committedOffset: async ({ topic, partition }) => {
      check();
      return committed.get(`${topic}:${partition}`);
    },
    inputOffsets: async ({ topic, partition }) => {
      check();
      const end = (log.records(topic).findLast((record) => record.partition === partition)?.offset ?? -1n) + 1n;
      return { lowWatermark: 0n, lastStableOffset: end, highWatermark: end };
    },
    close: async () => undefined,
    decideFate: (decide) => {
      brokers.fateOf = decide;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      brokers.gate = promise;
      return { release: resolve };
    },
    failWith: (error) => {
      failure = error;
    },
    commit: (topic, partition, offset) => {
      committed.set(`${topic}:${partition}`, offset);
    },
  };
}

/** Since a takeover a writer that came before may write no longer. */
interface WriterEpoch {
  readonly isCurrent: () => boolean;
}

/** What all writers share. */
class WritingBrokers {
  fateOf: () => WriteFate = () => 'written';
  gate: Promise<void> = Promise.resolve();
  readonly #log: InMemoryLog;
  readonly #changelogTopic: string;
  readonly #maxRecordBytes: number;
  /** Of the writer that may write, by input partition. */
  readonly #epochs = new Map<string, number>();
  /** A commit that the brokers have begun ends before anybody takes its partition over. */
  #storing: Promise<unknown> = Promise.resolve();

  constructor(log: InMemoryLog, changelogTopic: string, maxRecordBytes: number) {
    this.#log = log;
    this.#changelogTopic = changelogTopic;
    this.#maxRecordBytes = maxRecordBytes;
  }

  async takeOver(input: string): Promise<WriterEpoch> {
    const epoch = (this.#epochs.get(input) ?? 0) + 1;
    this.#epochs.set(input, epoch);
    await this.#storing;
    return { isCurrent: () => this.#epochs.get(input) === epoch };
  }

  /** Rejects as the fate of the write has it. */
  async write(batch: TransactionBatch): Promise<void> {
    const fate = this.fateOf();
    if (typeof fate === 'object') throw fate.refused;
    if (fate !== 'lost') {
      const stored = this.#store(batch);
      this.#storing = Promise.allSettled([this.#storing, stored]);
      await stored;
    }
    if (fate !== 'written') throw unavailable('the answer was lost');
  }

  async #store({ outputs, state }: TransactionBatch): Promise<void> {
    for (const record of [...outputs, ...state]) assertSize(record, this.#maxRecordBytes);
    for (const { topic, ...record } of outputs) await this.#log.send(topic, [record]);
    await this.#log.send(this.#changelogTopic, state);
  }
}

class InMemoryBatchWriter implements BatchWriter {
  readonly maxInFlight: number;
  readonly spent: Promise<void>;
  readonly #resolveSpent: () => void;
  readonly #brokers: WritingBrokers;
  readonly #epoch: WriterEpoch;
  /** Why it can write no longer. */
  #reason: PipelineError | 'fenced' | undefined;
  #earlier: Promise<unknown> = Promise.resolve();

  constructor(brokers: WritingBrokers, epoch: WriterEpoch, maxInFlight: number) {
    this.#brokers = brokers;
    this.#epoch = epoch;
    this.maxInFlight = maxInFlight;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.spent = promise;
    this.#resolveSpent = resolve;
  }

  write(batch: TransactionBatch): Promise<WriteOutcome> {
    const written = this.#writeAfter(this.#earlier, batch);
    this.#earlier = written;
    return written;
  }

  async close(): Promise<void> {
    this.#end(unavailable('the writer is closed'));
  }

  async #writeAfter(earlier: Promise<unknown>, batch: TransactionBatch): Promise<WriteOutcome> {
    await earlier.catch(() => undefined);
    await this.#brokers.gate;
    if (!this.#epoch.isCurrent()) this.#end('fenced');
    if (this.#reason === 'fenced') return { kind: 'fenced' };
    if (this.#reason !== undefined) throw this.#reason;
    try {
      await this.#brokers.write(batch);
      return { kind: 'written' };
    } catch (error) {
      this.#end(error as PipelineError);
      throw error;
    }
  }

  #end(reason: PipelineError | 'fenced'): void {
    this.#reason ??= reason;
    this.#resolveSpent();
  }
}

function unavailable(message: string): PipelineError {
  return new PipelineError('kafka.unavailable', message, { retryable: true });
}

function assertSize(record: OutgoingRecord, maxBytes: number): void {
  if (40 + (record.key?.length ?? 0) + (record.value?.length ?? 0) <= maxBytes) return;
  throw new PipelineError('kafka.record-too-large', 'a record is over the limit', { retryable: false });
}
