/** A transform whose every output depends on all earlier records of its key, and what must come of it. */
import type { ConsumedRecord } from '../record.ts';
import type { Transformed } from '../state-processor.ts';
import { isPositionKey } from '../state-position.ts';
import type { StateCodec, StateView } from '../state-view.ts';

export const countCodec: StateCodec<number> = {
  encode: (value) => Buffer.from(String(value)),
  decode: (bytes) => Number(bytes),
};

/** Records with this value leave no trace. */
export const SKIPPED = 'skipped';
/** At each fifth record of a key its count is forgotten. */
const FORGOTTEN_AT = 5;

/** For each record one output that tells how many of its key there were. */
export function countByKey(output: string) {
  return (records: readonly ConsumedRecord[], state: StateView<number>): Transformed<readonly bigint[]> => {
    const counted = records.filter(({ value }) => String(value) !== SKIPPED);
    const outputs = counted.map(({ key, value, offset }) => {
      const count = (state.get(String(key)) ?? 0) + 1;
      if (count === FORGOTTEN_AT) state.delete(String(key));
      else state.set(String(key), count);
      return { topic: output, key, value: Buffer.from(`${value} at ${offset} is ${count}`), headers: {} };
    });
    return { outputs, result: records.map(({ offset }) => offset) };
  };
}

/** Outputs and state after the transform has seen each record once, in order. */
export function countedOnce(records: readonly ConsumedRecord[]): { outputs: string[]; state: Map<string, string> } {
  const values = new Map<string, number>();
  const { outputs } = countByKey('')(records, {
    get: (key) => values.get(key),
    set: (key, value) => void values.set(key, value),
    delete: (key) => void values.delete(key),
  });
  return {
    outputs: outputs.map(({ value }) => String(value)),
    state: new Map([...values].map(([key, value]) => [key, String(value)])),
  };
}

/** What the records of a state topic's partition come to, without the position. */
export function stateOf(records: readonly ConsumedRecord[]): Map<string, string> {
  const state = new Map<string, string>();
  for (const { key, value } of records) {
    const name = String(key);
    if (isPositionKey(name)) continue;
    if (value === null) state.delete(name);
    else state.set(name, String(value));
  }
  return state;
}
