import { seededRandom } from '@astrolabe/service-kit';

/** Draws from a seed: the same seed gives the same draws, so a failure can be repeated. */
export interface Draw {
  /** A whole number in [0, limit). */
  below(limit: number): number;
  /** True with a probability between 0 and 1. */
  chance(probability: number): boolean;
  /** One of them. Throws a RangeError for none. */
  oneOf<T>(items: readonly T[]): T;
  /** A copy in another order. */
  shuffled<T>(items: readonly T[]): T[];
}

export function createDraw(seed: number): Draw {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  return {
    below,
    chance: (probability) => random() < probability,
    oneOf: (items) => {
      const index = below(items.length);
      if (index >= items.length) throw new RangeError('there is nothing to draw from');
      return items[index] as (typeof items)[number];
    },
    shuffled: (items) => {
      const drawn = [...items];
      for (let index = drawn.length - 1; index > 0; index -= 1) {
        const other = below(index + 1);
        const [a, b] = [drawn[index], drawn[other]];
        if (a !== undefined && b !== undefined) [drawn[index], drawn[other]] = [b, a];
      }
      return drawn;
    },
  };
}
