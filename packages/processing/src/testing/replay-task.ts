/** A partition with live records and replays of it, on a changelog store in memory. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLogger } from '@astrolabe/kafka/testing';
import { decodeMapperProgress, orderRecord, type MapperProgress, type ReplayOrder } from '@astrolabe/replay';
import { replayOrder } from '@astrolabe/replay/testing';
import {
  headerNames,
  headerText,
  readReplayPosition,
  toHeaders,
  type ConsumedRecord,
  type OutgoingRecord,
  type PartitionReader,
} from '@astrolabe/records';
import { createInMemoryChangelogStore, createInMemoryPartitionReader } from '@astrolabe/records/in-memory';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { PartitionProcessor } from '../consumer/partition-processor.ts';
import { createReplayLanes, type ProcessReplays, type ReplayLanesOptions } from '../replay/create-replay-lanes.ts';
import { createReplayPageReader } from '../replay/read-replay-page.ts';
import { createStateProcessor } from '../state/state-processor.ts';
import { countByKey, countCodec, smallAndQuick } from './counting.ts';
import { turningClock } from './counting-process.ts';
import { recordedSession, type RecordedSession } from './recorded-session.ts';
import { LateFollower, countReplayed } from './replayed-counting.ts';

const INPUT = 't';
const LIVE = 'live';
const REPLAYED = 'replayed';
const REPLAYS = 'replays';

export interface ReplayTaskOptions {
  readonly clock?: Clock;
  /** Of pages. */
  readonly reader?: (reader: PartitionReader) => Pick<PartitionReader, 'read' | 'offsets'>;
  readonly transform?: ReplayLanesOptions<number, readonly bigint[]>['transform'];
  readonly chunkRecords?: number;
  /** Whether they read only when a test says so, or when they have to. */
  readonly areFollowersLate?: boolean;
}

/** A process that was assigned the partition. */
interface Member {
  readonly session: RecordedSession;
  readonly follower: LateFollower;
  /** Of its fetch loop. */
  position: bigint;
  /** Follows what it has handled as live records. */
  handled: bigint;
  /** Replayed records that it has worked on. */
  notStored: number;
}

export interface ReplayMember {
  readonly session: RecordedSession;
  readonly processor: PartitionProcessor;
  readonly follower: LateFollower;
  offsetsLeft(): number;
  /** Fetches what is on the input. */
  fetch(): void;
  leave(): Promise<void>;
}

export class ReplayTask {
  readonly changelog = createInMemoryChangelogStore();
  /** What was done, in order: `live OFFSET` and `REPLAY OFFSET`. */
  readonly done: string[] = [];
  /** What was reported as stored, in order and likewise. */
  readonly stored: string[] = [];
  readonly #options: ReplayTaskOptions;
  readonly #clock: Clock;
  readonly #reader: PartitionReader;
  readonly #followers = new Set<LateFollower>();
  #lowWatermark = 0n;

  constructor(options: ReplayTaskOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? turningClock();
    const offsets = (topic: string) => {
      const end = BigInt(this.records(topic).length);
      return { lowWatermark: this.#lowWatermark, lastStableOffset: end, highWatermark: end };
    };
    this.#reader = createInMemoryPartitionReader(
      { records: (topic) => this.records(topic), offsets },
      { partitions: 1, maxRecords: 3 },
    );
  }

  join(): ReplayMember {
    const session = recordedSession();
    const follower = new LateFollower(() => this.records(REPLAYS));
    const member: Member = { session, follower, position: 0n, handled: 0n, notStored: 0 };
    this.#followers.add(follower);
    const lanes = this.#lanes(member);
    const processor = this.#processor(member, lanes);
    return {
      session,
      processor,
      follower,
      offsetsLeft: () => lanes.offsetsLeft().get(0) ?? 0,
      fetch: () => {
        const fetched = this.input().filter(({ offset }) => offset >= member.position);
        member.position += BigInt(fetched.length);
        processor.enqueue(fetched, member.position);
      },
      leave: async () => {
        this.#followers.delete(follower);
        session.abort();
        await processor.stop();
      },
    };
  }

  /** A member that has read all that is there. */
  joinAndFetch(): ReplayMember {
    const member = this.join();
    member.fetch();
    return member;
  }

  /** Of connector `even` and `odd` in turns. */
  async append(count: number, value = 'v'): Promise<void> {
    const first = this.input().length;
    const appended = Array.from({ length: count }, (_, index) => ({
      key: Buffer.from(`k${(first + index) % 3}`),
      value: Buffer.from(value),
      headers: toHeaders({ [headerNames.connectorId]: (first + index) % 2 === 0 ? 'even' : 'odd' }),
      partition: 0,
    }));
    await this.changelog.log.send(INPUT, appended);
  }

  /** Of everything that is on the input by now, unless it says otherwise. */
  async order(parts: Partial<ReplayOrder> = {}): Promise<ReplayOrder> {
    const spans = [{ partition: 0, fromOffset: 0n, endOffset: BigInt(this.input().length) }];
    const order = replayOrder({ spans, ...parts });
    await this.write(orderRecord(order));
    return order;
  }

  /** To the topic of replays. */
  async write(record: OutgoingRecord): Promise<void> {
    await this.changelog.log.send(REPLAYS, [record]);
    if (this.#options.areFollowersLate === true) return;
    for (const follower of this.#followers) follower.read();
  }

  expireBelow(offset: bigint): void {
    this.#lowWatermark = offset;
  }

  input(): readonly ConsumedRecord[] {
    return this.records(INPUT);
  }

  /** What came of replayed records. */
  outputs(): readonly ConsumedRecord[] {
    return this.records(REPLAYED);
  }

  records(topic: string): readonly ConsumedRecord[] {
    return this.changelog.log.records(topic);
  }

  /** In the log of the partition. */
  position(id = 'r1'): MapperProgress | undefined {
    const { changelogTopic, groupId } = this.changelog;
    const values = this.records(changelogTopic).flatMap(({ key, value }) => {
      const found = readReplayPosition(groupId, String(key), value);
      return found?.replayId === id ? [found.value] : [];
    });
    const last = values.at(-1) ?? null;
    return last === null ? undefined : decodeMapperProgress(last);
  }

  /** For everybody to see. */
  published(id = 'r1'): MapperProgress | undefined {
    const follower = new LateFollower(() => this.records(REPLAYS));
    follower.read();
    return follower.current().replays.get(id)?.mapper.get(0);
  }

  #lanes(member: Member): ProcessReplays<number> {
    const { reader, chunkRecords = 4, transform = countReplayed(REPLAYED) } = this.#options;
    const surroundings = { clock: this.#clock, random: () => 0, logger: silentLogger };
    return createReplayLanes<number, readonly bigint[]>({
      ...surroundings,
      follower: member.follower,
      replaysTopic: REPLAYS,
      readPage: createReplayPageReader({ ...surroundings, reader: reader?.(this.#reader) ?? this.#reader }),
      transform: (records, state) => {
        this.done.push(...records.map((record) => `${headerText(record, headerNames.replayId)} ${record.offset}`));
        member.notStored += records.length;
        assert.ok(member.position <= member.handled, 'nothing is replayed while a live record waits');
        assert.ok(member.notStored <= chunkRecords, `${member.notStored} replayed records are not stored`);
        return transform(records, state);
      },
      onStored: (parts) => {
        for (const { cursor, results } of parts) {
          member.notStored -= results.flat().length;
          this.stored.push(...results.flat().map((offset) => `${cursor.order.id} ${offset}`));
        }
      },
      stepRecords: 2,
      boundAfter: () => ({ records: chunkRecords, bytes: 1_000_000 }),
    });
  }

  #processor(member: Member, replays: ProcessReplays<number>): PartitionProcessor {
    const count = countByKey(LIVE);
    return createStateProcessor<number, readonly bigint[]>({
      session: member.session,
      changelog: this.changelog,
      codec: countCodec,
      transform: (records, state) => {
        this.done.push(...records.map(({ offset }) => `live ${offset}`));
        member.handled = (records.at(-1)?.offset ?? -1n) + 1n;
        return count(records, state);
      },
      replays,
      onStored: (offsets) => void this.stored.push(...offsets.map((offset) => `live ${offset}`)),
      onRestored: ({ position }) => {
        member.handled = position;
        member.notStored = 0;
      },
      ...smallAndQuick,
    });
  }
}

/** Everything that needs no brokers, no clock and no test has happened after a few turns of the event loop. */
export async function turns(count = 200): Promise<void> {
  for (let each = 0; each < count; each += 1) await turn();
}
