/** Draws from a seed: the same seed gives the same draws, so a failure can be repeated. */
export interface Draw {
  /** A whole number in [0, limit). */
  below(limit: number): number;
  /** True with a probability between 0 and 1. */
  chance(probability: number): boolean;
  /** One of them. Throws a RangeError for none. */
  oneOf<T>(items: readonly T[]): T;
}

/** https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function createDraw(seed: number): Draw {
  let state = seed >>> 0;
  const random = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(random() * limit);
  return {
    below,
    chance: (probability) => random() < probability,
    oneOf: (items) => {
      const index = below(items.length);
      if (index >= items.length) throw new RangeError('there is nothing to draw from');
      return items[index] as (typeof items)[number];
    },
  };
}
