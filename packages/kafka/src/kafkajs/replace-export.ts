import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Puts a function in the place of what a module of kafkajs exports. Must come before other modules have taken it. */
export function replaceExport<T>(path: string, replace: (original: T) => T): void {
  const name = require.resolve(`kafkajs/src/${path}`);
  const original = require(name) as T;
  const loaded = require.cache[name];
  if (loaded === undefined) throw new Error(`kafkajs no longer has ${path}`);
  loaded.exports = replace(original);
}
