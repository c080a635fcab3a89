/** What tests of replays share: a transform that counts the records of each key for each replay, and a follower. */
import { setImmediate as turn } from 'node:timers/promises';
import type { ReplayFollower, ReplaySnapshot } from '@astrolabe/replay';
import { createInMemoryFollower } from '@astrolabe/replay/testing';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import type { ReplayTransformed } from '../replay/replay-options.ts';
import type { StateView } from '../state/state-view.ts';
import { SKIPPED, countKey } from './counting.ts';

/** For each record one output: its replay, its offset, and how many of its key there were in that replay. */
export function countReplayed(output: string) {
  return (
    records: readonly ConsumedRecord[],
    state: Pick<StateView<number>, 'get' | 'set'>,
  ): ReplayTransformed<readonly bigint[]> => {
    const counted = records.filter(({ value }) => String(value) !== SKIPPED);
    const outputs = counted.map((record) => {
      const replay = String(headerText(record, headerNames.replayId));
      const own = countKey(`${String(record.key)} in ${replay}`);
      const count = (state.get(own) ?? 0) + 1;
      state.set(own, count);
      const value = Buffer.from(`${record.offset} is ${count}`);
      return { topic: output, key: record.key, value, headers: record.headers };
    });
    return {
      outputs,
      counts: { mapped: counted.length, skipped: records.length - counted.length, deadLettered: 0 },
      commands: outputs.length,
      result: records.map(({ offset }) => offset),
    };
  };
}

/** A follower of a topic in memory. It reads when a test says so, or when it has to. */
export class LateFollower implements Pick<ReplayFollower, 'current' | 'onChange' | 'upToDate'> {
  readonly #records: () => readonly ConsumedRecord[];
  readonly #follower = createInMemoryFollower();
  #next = 0;

  constructor(records: () => readonly ConsumedRecord[]) {
    this.#records = records;
  }

  /** Up to `end` records of the topic. */
  read(end = Number.POSITIVE_INFINITY): void {
    const fresh = this.#records().slice(this.#next, end);
    if (fresh.length === 0) return;
    this.#next += fresh.length;
    this.#follower.write(...fresh);
  }

  current(): ReplaySnapshot {
    return this.#follower.current();
  }

  onChange(listener: (snapshot: ReplaySnapshot) => void): () => void {
    return this.#follower.onChange(listener);
  }

  async upToDate(signal: AbortSignal): Promise<ReplaySnapshot> {
    await turn();
    signal.throwIfAborted();
    this.read();
    return this.current();
  }
}
