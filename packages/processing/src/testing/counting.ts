/** A transform whose every output depends on all earlier records of its key, and what must come of it. */
import { silentLogger } from '@astrolabe/kafka/testing';
import type { ConsumedRecord } from '@astrolabe/records';
import type { Transformed } from '../state/state-processor-options.ts';
import { isReservedKey } from '../state/state-clock.ts';
import type { StateCodec, StateKey, StateView } from '../state/state-view.ts';

/** What a state processor is given where its sizes and its pauses do not matter. */
export const smallAndQuick = {
  logger: silentLogger,
  maxBatchRecords: 100,
  maxBatchBytes: 100_000,
  maxBufferedRecords: 1_000,
  maxBufferedBytes: 1_000_000,
  quietMs: 1,
  retryBaseMs: 1,
  retryMaxMs: 1,
} as const;

type CountState = Pick<StateView<number>, 'get' | 'set' | 'delete'>;

/** Keys of records are what is counted, as they are. */
export const countCodec: StateCodec<number> = {
  encode: (value) => Buffer.from(String(value)),
  decode: (bytes) => Number(bytes),
  encodeKey: ({ id }) => id,
  decodeKey: (text) => ({ key: countKey(text), isOutdated: false }),
  pack: String,
  unpack: Number,
  isExpendable: () => false,
};

export function countKey(id: string): StateKey {
  return { scope: 'counts', id };
}

/** Records with this value leave no trace. */
export const SKIPPED = 'skipped';
/** At each fifth record of a key its count is forgotten. */
const FORGOTTEN_AT = 5;

/** For each record one output that tells how many of its key there were. */
export function countByKey(output: string) {
  return (records: readonly ConsumedRecord[], state: CountState): Transformed<readonly bigint[]> => {
    const counted = records.filter(({ value }) => String(value) !== SKIPPED);
    const outputs = counted.map(({ key, value, offset }) => {
      const own = countKey(String(key));
      const count = (state.get(own) ?? 0) + 1;
      if (count === FORGOTTEN_AT) state.delete(own);
      else state.set(own, count);
      return { topic: output, key, value: Buffer.from(`${value} at ${offset} is ${count}`), headers: {} };
    });
    return { outputs, result: records.map(({ offset }) => offset) };
  };
}

/** Outputs and state after the transform has seen each record once, in order. */
export function countedOnce(records: readonly ConsumedRecord[]): { outputs: string[]; state: Map<string, string> } {
  const values = new Map<string, number>();
  const { outputs } = countByKey('')(records, {
    get: ({ id }) => values.get(id),
    set: ({ id }, value) => void values.set(id, value),
    delete: ({ id }) => void values.delete(id),
  });
  return {
    outputs: outputs.map(({ value }) => String(value)),
    state: new Map([...values].map(([key, value]) => [key, String(value)])),
  };
}

/** What the records of a changelog topic's partition come to, without the position and the clock. */
export function stateOf(records: readonly ConsumedRecord[]): Map<string, string> {
  const state = new Map<string, string>();
  for (const { key, value } of records) {
    const name = String(key);
    if (isReservedKey(name)) continue;
    if (value === null) state.delete(name);
    else state.set(name, String(value));
  }
  return state;
}
