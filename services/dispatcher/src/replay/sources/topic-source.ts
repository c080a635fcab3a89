import type { LaneProcessor } from '@astrolabe/processing';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { Clock } from '@astrolabe/service-kit/clock';
import { connectorOf } from '../../core/lane-of.ts';
import type { DeliveryLedger } from '../../lifecycle/delivery-ledger.ts';
import type { ActiveReplays } from '../active-replays.ts';
import type { CursorSource, LostRecords, NextRange, SortedRecord } from './cursor-source.ts';
import type { ReplayReader } from '../replay-reader.ts';
import { sortByLedger } from './sort-commands.ts';

export interface TopicSourceOptions {
  readonly topic: string;
  readonly commandTopic: string;
  readonly partition: number;
  readonly lanes: Pick<LaneProcessor, 'takenTo'>;
  readonly reader: ReplayReader;
  readonly ledger: Pick<DeliveryLedger, 'lookup'>;
  readonly replays: ActiveReplays;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/**
 * How soon commands are looked for that the mapper is about to make. It commits dozens of times a second, and a look is
 * several requests: without a pause between two of them, each partition would look after each commit.
 */
const LOOK_EVERY_MS = 200;

/** What the mapper has made of replayed events: a partition of the topic of replayed commands, as it grows. */
export class TopicSource implements CursorSource {
  readonly topic: string;
  readonly #options: TopicSourceOptions;
  #endOffset = 0n;
  /** Of the command topic. */
  #liveEndOffset = 0n;
  /** Monotonic milliseconds. */
  #looksAgainAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: TopicSourceOptions) {
    this.#options = options;
    this.topic = options.topic;
  }

  /** Offsets behind it are read when it is clear that they are committed. */
  get endOffset(): bigint {
    return this.#endOffset;
  }

  async next(position: bigint, signal: AbortSignal): Promise<NextRange> {
    const { topic, commandTopic, partition, reader, replays, clock } = this.#options;
    if (position >= this.#endOffset) {
      const nowMs = clock.monotonicMs();
      if (nowMs < this.#looksAgainAtMs) return { kind: 'wait', ms: this.#looksAgainAtMs - nowMs };
      this.#looksAgainAtMs = nowMs + LOOK_EVERY_MS;
      const { lastStableOffset } = await reader.bounds(topic, partition, signal);
      if (lastStableOffset > position) {
        // After the other: what was live when the commands were made of its events is below.
        const { lowWatermark, highWatermark } = await reader.bounds(commandTopic, partition, signal);
        this.#liveEndOffset = lowWatermark === highWatermark ? 0n : highWatermark;
      }
      this.#endOffset = lastStableOffset;
    }
    if (position < this.#endOffset) return { kind: 'range', fromOffset: position, endOffset: this.#endOffset };
    return { kind: 'wait', ms: replays.hasEvents() ? LOOK_EVERY_MS : undefined };
  }

  isDue(record: ConsumedRecord): boolean {
    return this.#options.lanes.takenTo(connectorOf(record)) >= this.#liveEndOffset;
  }

  sort(record: ConsumedRecord): SortedRecord {
    const { replays, ledger } = this.#options;
    const replayId = headerText(record, headerNames.replayId) ?? '';
    const order = replays.orderOf(replayId);
    if (order?.wanted === 'cancel') return { kind: 'skip', replayId, outcome: 'cancelled' };
    // Of a replay that was removed meanwhile, nothing was asked for before the command was made.
    const startedAtMs = order?.startedAtMs ?? record.timestampMs;
    return sortByLedger(record, { replayId, startedAtMs, isOfOwnTopic: true }, ledger);
  }

  /** Made at its replay's rate. */
  waitMs(): undefined {
    return undefined;
  }

  lost(offsets: number): readonly LostRecords[] {
    return this.#options.replays.lostOf(offsets);
  }
}
