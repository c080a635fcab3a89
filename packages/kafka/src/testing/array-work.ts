/**
 * Counts instead of a stopwatch: whether the work for N items grows with N or with its square shows on a busy machine
 * too.
 */
import type { TestContext } from 'node:test';

const METHODS = [
  'splice',
  'slice',
  'shift',
  'unshift',
  'filter',
  'find',
  'findIndex',
  'indexOf',
  'includes',
  'concat',
  Symbol.iterator,
] as const;

type Method = (this: unknown[], ...args: unknown[]) => unknown;

/**
 * How many elements the arrays had at each call of a method that walks or moves them, until the test ends. Includes
 * spreading an array.
 */
export function countArrayWork(t: TestContext): () => number {
  const prototype = Array.prototype as unknown as Record<string | symbol, Method>;
  let elements = 0;
  for (const name of METHODS) {
    const original = prototype[name];
    if (original === undefined) throw new Error(`arrays have no ${String(name)}`);
    const counting = function (this: unknown[], ...args: unknown[]): unknown {
      elements += this.length;
      return original.apply(this, args);
    };
    Object.defineProperty(prototype, name, { value: counting, configurable: true, writable: true });
    t.after(() => Object.defineProperty(prototype, name, { value: original, configurable: true, writable: true }));
  }
  return () => elements;
}
