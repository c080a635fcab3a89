/** A replay of the beginning of a partition, which counts each key a second time, beside the counts of live records. */
import assert from 'node:assert/strict';
import type { ConsumedRecord, TopicRecord } from '@astrolabe/records';
import type { GroupSession } from '../consumer/partition-processor.ts';
import type { ReplayChunk, ReplayLane, ReplayLaneOptions, ReplayLanes } from '../state/replay-lane.ts';
import type { StateView } from '../state/state-view.ts';
import { countByKey, countedOnce } from './counting.ts';

export const REPLAY_ID = 'again';
const STEP_RECORDS = 2;
export const CHUNK_RECORDS = 4;

export interface CountingReplayOptions {
  readonly output: string;
  /** Of the partition's input, as far as it is there. */
  readonly input: (partition: number) => readonly ConsumedRecord[];
  /** Called at each step. Default: nothing is checked. */
  readonly onStep?: (session: GroupSession, livePosition: bigint) => void;
}

export class CountingReplay implements ReplayLanes<number> {
  /** By partition, where the replay ends. It is running where that is above 0. */
  readonly #ends = new Map<number, bigint>();
  readonly #options: CountingReplayOptions;
  readonly #lanes = new Set<CountingLane>();

  constructor(options: CountingReplayOptions) {
    this.#options = options;
  }

  /** Of everything that is on the input by now. */
  order(partition: number): void {
    this.#ends.set(partition, (this.#options.input(partition).at(-1)?.offset ?? -1n) + 1n);
    for (const lane of this.#lanes) lane.wake();
  }

  endOf(partition: number): bigint {
    return this.#ends.get(partition) ?? 0n;
  }

  open(options: ReplayLaneOptions): ReplayLane<number> {
    const { partition } = options.session;
    const lane = new CountingLane({
      ...this.#options,
      ...options,
      endOf: () => this.endOf(partition),
      onClosed: () => this.#lanes.delete(lane),
    });
    this.#lanes.add(lane);
    return lane;
  }

  liveCame(): void {}

  /** What the replay comes to when it has counted each record of its range once, in order. */
  countedOnce(partition: number): ReturnType<typeof countedOnce> {
    return countedOnce(
      this.#options
        .input(partition)
        .filter(({ offset }) => offset < this.endOf(partition))
        .map(again),
    );
  }
}

interface CountingLaneOptions extends CountingReplayOptions, ReplayLaneOptions {
  readonly endOf: () => bigint;
  readonly onClosed: () => void;
}

class CountingLane implements ReplayLane<number> {
  readonly #options: CountingLaneOptions;
  #next: bigint;
  #outputs: TopicRecord[] = [];
  #gathered = 0;
  #isDue = true;
  #isClosed = false;

  constructor(options: CountingLaneOptions) {
    this.#options = options;
    this.#next = BigInt(String(options.stored.get(REPLAY_ID) ?? 0));
  }

  wake(): void {
    if (!this.#isClosed) this.#options.onReady();
  }

  step(state: StateView<number>, livePosition: bigint): 'open' | 'complete' {
    assert.ok(!this.#isClosed, 'a lane that is closed does nothing');
    const { input, session, endOf, output, onStep } = this.#options;
    onStep?.(session, livePosition);
    if (!this.#isDue) return 'open';
    const end = endOf() < livePosition ? endOf() : livePosition;
    const left = input(session.partition).filter(({ offset }) => offset >= this.#next && offset < end);
    const records = left.slice(0, STEP_RECORDS);
    const last = records.at(-1);
    if (last === undefined) return this.#gathered > 0 ? 'complete' : 'open';
    this.#outputs.push(...countByKey(output)(records.map(again), state).outputs);
    this.#gathered += records.length;
    this.#next = last.offset + 1n;
    this.#isDue = false;
    setImmediate(() => {
      this.#isDue = true;
      this.wake();
    });
    return this.#gathered >= CHUNK_RECORDS ? 'complete' : 'open';
  }

  takeChunk(): ReplayChunk | undefined {
    if (this.#gathered === 0) return undefined;
    const outputs = this.#outputs;
    this.#outputs = [];
    this.#gathered = 0;
    return {
      outputs,
      positions: new Map([[REPLAY_ID, Buffer.from(String(this.#next))]]),
      onStored: () => undefined,
    };
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#options.onClosed();
    return Promise.resolve();
  }
}

function again(record: ConsumedRecord): ConsumedRecord {
  return { ...record, key: Buffer.from(`${String(record.key)} again`) };
}
