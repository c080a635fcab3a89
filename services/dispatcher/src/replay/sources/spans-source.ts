import type { LaneProcessor, ReplayMark } from '@astrolabe/processing';
import type { ConsumedRecord } from '@astrolabe/records';
import type { CommandDecoder } from '@astrolabe/records/serde';
import {
  matchCommand,
  rateOfPartition,
  remainingSpans,
  ReplayAllowance,
  replayedRecord,
  type Match,
  type ReplayView,
} from '@astrolabe/replay';
import type { Clock } from '@astrolabe/service-kit/clock';
import { connectorOf } from '../../core/lane-of.ts';
import type { DeliveryLedger } from '../../lifecycle/delivery-ledger.ts';
import type { CursorSource, LostRecords, NextRange, SortedRecord } from './cursor-source.ts';
import { sortByLedger } from './sort-commands.ts';

export interface SpansSourceOptions {
  readonly topic: string;
  readonly partition: number;
  readonly view: ReplayView;
  readonly lanes: Pick<LaneProcessor, 'takenTo'>;
  readonly ledger: Pick<DeliveryLedger, 'lookup'>;
  readonly decoder: CommandDecoder;
  readonly clock: Clock;
}

/** The spans of a replay of commands on one partition: what of them matches its filter. */
export class SpansSource implements CursorSource {
  readonly topic: string;
  readonly #options: SpansSourceOptions;
  readonly #mark: ReplayMark;
  readonly #allowance = new ReplayAllowance();
  #recordsPerSecond: number | undefined;

  constructor(options: SpansSourceOptions) {
    this.#options = options;
    this.topic = options.topic;
    const { id, startedAtMs } = options.view.order;
    this.#mark = { replayId: id, startedAtMs, isOfOwnTopic: false };
    this.follow(options.view);
  }

  /** The rate may have been changed, or other partitions be done. */
  follow(view: ReplayView): void {
    this.#recordsPerSecond = rateOfPartition(view);
  }

  next(position: bigint): NextRange {
    const [span] = remainingSpans(this.#options.view.order, this.#options.partition, position);
    return span === undefined ? { kind: 'over' } : { kind: 'range', ...span };
  }

  /** Itself, and so all before it. */
  isDue(record: ConsumedRecord): boolean {
    return record.offset < this.#options.lanes.takenTo(connectorOf(record));
  }

  sort(record: ConsumedRecord): SortedRecord | Promise<SortedRecord> {
    const { view, decoder } = this.#options;
    const match = matchCommand(record, view.order.request, decoder);
    return match instanceof Promise ? match.then((each) => this.#sort(record, each)) : this.#sort(record, match);
  }

  #sort(record: ConsumedRecord, match: Match): SortedRecord {
    const { view, ledger } = this.#options;
    if (match !== 'matched') return { kind: 'skip', replayId: view.order.id, outcome: match };
    this.#allowance.took(1);
    return sortByLedger(replayedRecord(record, view.order), this.#mark, ledger);
  }

  waitMs(): number | undefined {
    const nowMs = this.#recordsPerSecond === undefined ? 0 : this.#options.clock.monotonicMs();
    return this.#allowance.waitMs(this.#recordsPerSecond, nowMs);
  }

  lost(offsets: number): readonly LostRecords[] {
    return [{ replayId: this.#mark.replayId, records: offsets }];
  }
}
