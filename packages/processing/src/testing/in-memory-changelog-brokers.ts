/**
 * A model of brokers with transactions: logs whose records may be of open and of aborted transactions, last stable
 * offsets, epochs of transactional ids, markers that come a little later, compaction. Each request of a client is two
 * steps, to the brokers and back, between which everything else can happen.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { FencedError } from '@astrolabe/kafka/internal';
import type { ConsumedRecord, OutgoingRecord, PartitionOffsets, TopicRecord } from '@astrolabe/records';
import type { ChangelogBrokers, ChangelogRange, TransactionalId } from '../changelog/changelog-brokers.ts';

interface Transaction {
  fate: 'open' | 'committed' | 'aborted';
  /** Its markers are written: the last stable offset may pass it. */
  isOver: boolean;
}

interface Entry {
  readonly record: ConsumedRecord;
  readonly transaction: Transaction;
  readonly client: string;
}

interface Log {
  readonly entries: Entry[];
  /** Without compaction. */
  readonly history: Entry[];
  end: bigint;
}

/** Called at both steps of each request. Rejects where the request or its answer is lost; pending where it waits. */
export type Step = (direction: 'there' | 'back') => Promise<void>;

const PLAIN: Transaction = { fate: 'committed', isOver: true };

export class InMemoryChangelogBrokers {
  readonly changelogTopic: string;
  readonly #logs = new Map<string, Log>();
  readonly #ids = new Map<string, { epoch: number; last: Transaction }>();

  constructor(changelogTopic: string) {
    this.changelogTopic = changelogTopic;
  }

  /** Committed records in order, with the clients that wrote them. */
  committed(topic: string, partition: number): readonly Entry[] {
    const { entries } = this.#log(topic, partition);
    return entries.filter(({ transaction }) => transaction.fate === 'committed');
  }

  /** As `committed`, with what compaction has removed. */
  history(topic: string, partition: number): readonly Entry[] {
    return this.#log(topic, partition).history.filter(({ transaction }) => transaction.fate === 'committed');
  }

  /** Without a transaction. */
  append(topic: string, partition: number, records: readonly OutgoingRecord[]): void {
    for (const record of records) this.#append({ ...record, topic, partition }, PLAIN, '');
  }

  offsets(topic: string, partition: number): PartitionOffsets {
    const { entries, end } = this.#log(topic, partition);
    const open = entries.find(({ transaction }) => !transaction.isOver);
    return { lowWatermark: 0n, lastStableOffset: open?.record.offset ?? end, highWatermark: end };
  }

  /** What aborted, what a later record of the same key has replaced, and deletions go at once. */
  compact(partition: number): void {
    const log = this.#log(this.changelogTopic, partition);
    const { lastStableOffset } = this.offsets(this.changelogTopic, partition);
    const last = new Map<string, bigint>();
    for (const { record, transaction } of log.entries) {
      if (record.offset < lastStableOffset && transaction.fate === 'committed')
        last.set(String(record.key), record.offset);
    }
    const kept = log.entries.filter(({ record: { key, value, offset } }) => {
      return offset >= lastStableOffset || (last.get(String(key)) === offset && value !== null);
    });
    log.entries.splice(0, log.entries.length, ...kept);
  }

  client(name: string, step: Step): ChangelogBrokers {
    const request = async <T>(action: () => T | Promise<T>): Promise<T> => {
      await step('there');
      const answer = await action();
      await step('back');
      return answer;
    };
    return {
      takeOverId: (id) => request(() => this.#takeOver(id, name, request)),
      offsets: (partition) => request(() => this.offsets(this.changelogTopic, partition)),
      read: (range) => this.#read(range, request),
    };
  }

  async #takeOver(
    id: string,
    client: string,
    request: <T>(action: () => T | Promise<T>) => Promise<T>,
  ): Promise<TransactionalId> {
    const state = this.#ids.get(id) ?? { epoch: 0, last: PLAIN };
    this.#ids.set(id, state);
    state.epoch += 1;
    if (state.last.fate === 'open') this.#end(state.last, 'aborted');
    while (!state.last.isOver) await turn();
    state.epoch += 1;
    const { epoch } = state;
    const assertCurrent = (): void => {
      if (state.epoch !== epoch) throw new FencedError(`${id} was taken over`);
    };
    const end = (fate: 'committed' | 'aborted') =>
      request(() => {
        assertCurrent();
        this.#end(state.last, fate);
      });
    return {
      store: async (records, earlier) => {
        const transaction: Transaction = { fate: 'open', isOver: false };
        await request(async () => {
          assertCurrent();
          while (!state.last.isOver) await turn();
          assertCurrent();
          state.last = transaction;
        });
        await earlier;
        for (const ofPartition of byPartition(records)) {
          await request(() => {
            assertCurrent();
            for (const record of ofPartition) this.#append(record, transaction, client);
          });
        }
      },
      commit: () => end('committed'),
      abort: async () => {
        if (state.last.fate === 'open') await end('aborted');
      },
      close: () => Promise.resolve(),
    };
  }

  async #read(
    { partition, fromOffset, endOffset, isolation, onRecords, signal }: ChangelogRange,
    request: <T>(action: () => T | Promise<T>) => Promise<T>,
  ): Promise<bigint> {
    let next = fromOffset;
    while (next < endOffset) {
      signal.throwIfAborted();
      const { found, reached } = await request(() => {
        const { entries } = this.#log(this.changelogTopic, partition);
        const { lastStableOffset, highWatermark } = this.offsets(this.changelogTopic, partition);
        const available = isolation === 'all' ? highWatermark : lastStableOffset;
        const until = endOffset < available ? endOffset : available;
        const inRange = entries.filter(({ record: { offset } }) => offset >= next && offset < until);
        const readable = inRange.filter(({ transaction: { fate } }) => isolation === 'all' || fate === 'committed');
        return { found: readable.map(({ record }) => record), reached: until > next ? until : next };
      });
      if (found.length > 0) await onRecords(found, reached);
      else if (reached === next) await turn();
      next = reached;
    }
    return next;
  }

  #end(transaction: Transaction, fate: 'committed' | 'aborted'): void {
    transaction.fate = fate;
    void turn().then(() => {
      transaction.isOver = true;
    });
  }

  #append(record: TopicRecord, transaction: Transaction, client: string): void {
    const { topic, partition = 0 } = record;
    const log = this.#log(topic, partition);
    const entry = { record: { ...record, partition, offset: log.end, timestampMs: 0 }, transaction, client };
    log.entries.push(entry);
    log.history.push(entry);
    log.end += 1n;
  }

  #log(topic: string, partition: number): Log {
    const name = `${topic}:${partition}`;
    const log = this.#logs.get(name) ?? { entries: [], history: [], end: 0n };
    this.#logs.set(name, log);
    return log;
  }
}

function byPartition(records: readonly TopicRecord[]): readonly (readonly TopicRecord[])[] {
  const parts = Map.groupBy(records, ({ topic, partition = 0 }) => `${topic}:${partition}`);
  return [...parts.values()];
}
