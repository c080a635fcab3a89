/**
 * The in-memory fake of the changelog store, for tests that need no broker: takeovers, fences, and failures at every
 * step of a write.
 */
import { PipelineError } from '@astrolabe/service-kit/errors';
import { createInMemoryLog, type InMemoryLog } from './in-memory-log.ts';
import type { OutgoingRecord } from '../record/record.ts';
import type { ChangelogStore, CommittedOffset, TransactionBatch, WriteOutcome } from '../ports/changelog-store.ts';

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
  const committed = new Map<string, CommittedOffset>();
  /** Of the writer that may write, by input partition. */
  const epochs = new Map<string, number>();
  let fateOf: () => WriteFate = () => 'written';
  let failure: PipelineError | undefined;
  let gate: Promise<void> = Promise.resolve();
  let takeovers = 0;
  /** A commit that the brokers have begun ends before anybody takes its partition over. */
  let storing: Promise<unknown> = Promise.resolve();

  const store = async ({ outputs, state }: TransactionBatch): Promise<void> => {
    for (const record of [...outputs, ...state]) assertSize(record, maxRecordBytes);
    for (const { topic, ...record } of outputs) await log.send(topic, [record]);
    await log.send(changelogTopic, state);
  };
  const check = (): void => {
    if (failure !== undefined) throw failure;
  };

  return {
    log,
    groupId,
    changelogTopic,
    get takeovers() {
      return takeovers;
    },
    openWriter: async ({ topic, partition }, signal) => {
      await gate;
      signal.throwIfAborted();
      check();
      const name = `${topic}:${partition}`;
      const epoch = (epochs.get(name) ?? 0) + 1;
      epochs.set(name, epoch);
      takeovers += 1;
      await storing;
      let spent: PipelineError | 'fenced' | undefined;
      let earlier: Promise<unknown> = Promise.resolve();

      const write = async (batch: TransactionBatch, before: Promise<unknown>): Promise<WriteOutcome> => {
        await before.catch(() => undefined);
        await gate;
        if (spent === undefined && epochs.get(name) !== epoch) spent = 'fenced';
        if (spent === 'fenced') return { kind: 'fenced' };
        if (spent !== undefined) throw spent;
        const fate = fateOf();
        try {
          if (typeof fate === 'object') throw fate.refused;
          if (fate !== 'lost') {
            const stored = store(batch);
            storing = Promise.allSettled([storing, stored]);
            await stored;
          }
          if (fate !== 'written') throw unavailable('the answer was lost');
          return { kind: 'written' };
        } catch (error) {
          spent = error as PipelineError;
          throw error;
        }
      };
      return {
        maxInFlight,
        write: (batch) => {
          const written = write(batch, earlier);
          earlier = written;
          return written;
        },
        close: async () => {
          spent ??= unavailable('the writer is closed');
        },
      };
    },
    readState: async (partition, onRecords, signal) => {
      signal.throwIfAborted();
      check();
      const records = log.records(changelogTopic).filter((record) => record.partition === partition);
      if (records.length > 0) await onRecords(records);
    },
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
      fateOf = decide;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
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

function unavailable(message: string): PipelineError {
  return new PipelineError('kafka.unavailable', message, { retryable: true });
}

function assertSize(record: OutgoingRecord, maxBytes: number): void {
  if (40 + (record.key?.length ?? 0) + (record.value?.length ?? 0) <= maxBytes) return;
  throw new PipelineError('kafka.record-too-large', 'a record is over the limit', { retryable: false });
}
