/**
 * The replays of a partition that this process owns, as one lane beside its live records. They take turns, a step each.
 * A chunk is what their steps came to until it is written: records, positions, and now and then their progress for
 * everybody to see.
 */
import {
  encodeMapperProgress,
  mapperProgressRecord,
  matchEvent,
  nextInTurn,
  replayedRecord,
  type MapperCounts,
} from '@astrolabe/replay';
import { recordSizeBytes, type ConsumedRecord, type TopicRecord } from '@astrolabe/records';
import type { ReplayChunk, ReplayLane, ReplayLaneOptions } from '../state/replay-lane.ts';
import type { StateView } from '../state/state-view.ts';
import type { PagePermits } from './page-permits.ts';
import type { PageGap } from './read-replay-page.ts';
import { GatheredChunk } from './replay-chunk.ts';
import type { ReplayCursor } from './replay-cursor.ts';
import type { ReplayOptions } from './replay-options.ts';
import { ReplayReadings, type Reading } from './replay-readings.ts';
import type { ReplayTurns, TurnTaker } from './replay-turns.ts';

export interface PartitionReplaysOptions<V, R> extends ReplayOptions<V, R>, ReplayLaneOptions {
  readonly turns: ReplayTurns;
  readonly permits: PagePermits;
}

const DEFAULT_STEP_RECORDS = 64;

export class PartitionReplays<V, R> implements ReplayLane<V>, TurnTaker {
  readonly #options: PartitionReplaysOptions<V, R>;
  readonly #readings: ReplayReadings;
  readonly #closing = new AbortController();
  #chunk = new GatheredChunk<R>();
  /** Worked on and not stored: of the chunk, or of the one that is being written. */
  readonly #inHand = { records: 0, bytes: 0 };
  /** Since when it may make a step, and where the live records were then. */
  #turn: { readonly atMs: number; readonly livePosition: bigint } | undefined;
  #isRefused = false;
  #livePosition = 0n;
  #last: Reading | undefined;
  /** Of the earliest timer, monotonic milliseconds. */
  #wakesAtMs = Number.POSITIVE_INFINITY;

  constructor(options: PartitionReplaysOptions<V, R>) {
    this.#options = options;
    this.#readings = new ReplayReadings(options);
  }

  get offsetsLeft(): number {
    return this.#readings.offsetsLeft;
  }

  step(state: StateView<V>, livePosition: bigint): 'open' | 'complete' {
    this.#livePosition = livePosition;
    if (!this.#readings.follow()) return 'open';
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#gatherNews(nowMs) || (this.#isRefused && this.#chunk.records > 0)) return 'complete';
    this.#readings.readAhead(livePosition, nowMs);
    const reading = nextInTurn(this.#readings.ready(livePosition, nowMs), this.#last);
    if (reading === undefined) return this.#rest(nowMs);
    const { turns } = this.#options;
    const turn = this.#turn;
    if (turn === undefined) {
      turns.request(this);
      return 'open';
    }
    this.#turn = undefined;
    const room = turns.room();
    if (room > 0) {
      this.#last = reading;
      this.#work(reading, state, room, turn.livePosition === livePosition ? 0 : nowMs - turn.atMs);
    }
    turns.request(this);
    return reading.cursor.state === 'over' || room === 0 ? 'complete' : 'open';
  }

  takeChunk(): ReplayChunk | undefined {
    const { session, clock, replaysTopic, onStored } = this.#options;
    const nowMs = clock.monotonicMs();
    const chunk = this.#chunk;
    if (chunk.parts.length === 0 && chunk.removed.length === 0) return undefined;
    this.#chunk = new GatheredChunk();
    this.#isRefused = false;
    const positions = new Map<string, Buffer | null>(chunk.removed.map((id) => [id, null]));
    const outputs: TopicRecord[] = [...chunk.outputs];
    const published: (() => void)[] = [];
    for (const { cursor } of chunk.parts) {
      const { id } = cursor.order;
      const progress = cursor.progress(clock.nowMs());
      // The end of a replay needs no position: it is published in the same transaction, for everybody who comes after.
      if (cursor.state !== 'over' && this.#readings.isPresent(cursor)) {
        positions.set(id, encodeMapperProgress(progress));
      } else if (this.#readings.isStored(id)) positions.set(id, null);
      if (!isDue(cursor, nowMs)) continue;
      outputs.push({ topic: replaysTopic, ...mapperProgressRecord(id, session.partition, progress) });
      published.push(() => cursor.wasPublished(progress, nowMs));
    }
    return {
      outputs,
      positions,
      onStored: () => {
        for (const [id, value] of positions) this.#readings.wasStored(id, value);
        for (const each of published) each();
        this.#giveBack();
        onStored?.(chunk.parts);
      },
    };
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('the partition is taken over again'));
    this.#options.turns.withdraw(this);
    this.#giveBack();
    await this.#readings.close();
  }

  granted(): void {
    this.#turn = { atMs: this.#options.clock.monotonicMs(), livePosition: this.#livePosition };
    this.#options.onReady();
  }

  refused(): void {
    if (this.#chunk.records === 0) return;
    this.#isRefused = true;
    this.#options.onReady();
  }

  /** Whether there is progress that is to be told by now, or a position that is to be removed. */
  #gatherNews(nowMs: number): boolean {
    const due = [...this.#readings.all].filter(({ cursor }) => isDue(cursor, nowMs));
    for (const { cursor } of due) this.#chunk.touch(cursor);
    this.#chunk.removed = this.#readings.removed();
    return due.length > 0 || this.#chunk.removed.length > 0;
  }

  /** Nothing can be replayed just now. What was is not held back. */
  #rest(nowMs: number): 'open' | 'complete' {
    this.#turn = undefined;
    this.#options.turns.withdraw(this);
    if (this.#chunk.records > 0) return 'complete';
    const publications = [...this.#readings.all].map(({ cursor }) => cursor.publishAtMs() ?? Number.POSITIVE_INFINITY);
    this.#wakeAt(Math.min(this.#readings.nextAllowedAtMs(nowMs) ?? Number.POSITIVE_INFINITY, ...publications), nowMs);
    return 'open';
  }

  #wakeAt(atMs: number, nowMs: number): void {
    if (atMs >= this.#wakesAtMs) return;
    this.#wakesAtMs = atMs;
    const { clock, onReady } = this.#options;
    clock.sleep(atMs - nowMs, this.#closing.signal).then(
      () => {
        // An earlier one may have been set meanwhile, and has woken it.
        if (this.#wakesAtMs === atMs) this.#wakesAtMs = Number.POSITIVE_INFINITY;
        onReady();
      },
      () => undefined,
    );
  }

  #work(reading: Reading, state: StateView<V>, room: number, gaveWayMs: number): void {
    const { clock, turns, transform, stepRecords = DEFAULT_STEP_RECORDS } = this.#options;
    const { cursor } = reading;
    const most = Math.min(room, stepRecords);
    const available = cursor.allowance.available(cursor.recordsPerSecond, clock.monotonicMs());
    const taken = this.#take(reading, most, Math.min(available, cursor.commandsAllowed));
    cursor.allowance.took(taken.matched.length);
    const { counts, nextOffset, records, bytes } = taken;
    const mapped = taken.matched.length > 0 ? transform(taken.matched, state) : undefined;
    const made = { counts: { ...counts, ...mapped?.counts }, commands: mapped?.commands ?? 0 };
    const part = this.#chunk.add(cursor, made, { records, bytes });
    part.gaveWayMs += gaveWayMs;
    if (mapped !== undefined) {
      this.#chunk.outputs.push(...mapped.outputs);
      part.results.push(mapped.result);
    }
    cursor.gaveWay(gaveWayMs);
    cursor.advance(nextOffset, made);
    turns.took(records, bytes);
    this.#inHand.records += records;
    this.#inHand.bytes += bytes;
    if (cursor.state === 'over') this.#readings.drop(reading);
  }

  /** At most `most` records, of which `mayMatch` are replayed, and the gaps between them. */
  #take({ cursor, pages }: Reading, most: number, mayMatch: number) {
    const matched: ConsumedRecord[] = [];
    const counts: Partial<Record<keyof MapperCounts, number>> = {};
    let [nextOffset, records, bytes] = [cursor.nextOffset, 0, 0];
    const count = (name: keyof MapperCounts, offsets: number): void => {
      counts[name] = (counts[name] ?? 0) + offsets;
    };
    for (let first = pages.first(); first !== undefined && records < most; first = pages.first()) {
      if (first.kind === 'record') {
        const { record } = first;
        if (record.offset >= this.#livePosition) break;
        const match = matchEvent(record, cursor.order.request);
        if (match === 'matched' && matched.length >= mayMatch) break;
        if (match === 'matched') matched.push(replayedRecord(record, cursor.order));
        else count(match, 1);
        records += 1;
        bytes += recordSizeBytes(record);
        nextOffset = record.offset + 1n;
      } else if (first.kind === 'gap') {
        const { kind, fromOffset, nextOffset: behind } = first.gap;
        count(kind, Number(behind - fromOffset));
        this.#tell(cursor, first.gap);
        nextOffset = behind;
      } else {
        if (first.nextOffset > nextOffset) nextOffset = first.nextOffset;
        this.#readings.finishedPage();
      }
      pages.removeFirst();
    }
    return { matched, counts, nextOffset, records, bytes };
  }

  #tell({ order: { id } }: ReplayCursor, { kind, fromOffset, nextOffset }: PageGap): void {
    const { session, logger } = this.#options;
    const { topic, partition } = session;
    const fields = { replay: id, topic, partition, fromOffset: `${fromOffset}`, nextOffset: `${nextOffset}` };
    if (kind === 'expired') logger.warn(fields, 'records expired on their topic before a replay came to them');
    else logger.warn(fields, 'records of a replay are in a batch that cannot be decoded; skipped');
  }

  #giveBack(): void {
    const { records, bytes } = this.#inHand;
    this.#inHand.records = 0;
    this.#inHand.bytes = 0;
    this.#options.turns.gaveBack(records, bytes);
  }
}

/** Whether its progress is to be on the topic of replays by now. */
function isDue(cursor: ReplayCursor, nowMs: number): boolean {
  return (cursor.publishAtMs() ?? Number.POSITIVE_INFINITY) <= nowMs;
}
