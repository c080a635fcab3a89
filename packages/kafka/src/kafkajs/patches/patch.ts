/** How a part of kafkajs is replaced, and how one tells later that the replacement is what kafkajs uses. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** A patch that has been applied. */
export interface Patch {
  /** What of kafkajs it replaces. */
  readonly name: string;
  isInEffect(): boolean;
}

/**
 * Replaces what a module of kafkajs exports. A module that has required it before keeps the original, so the patch is
 * in effect only if nothing had: everything that loads later gets the replacement.
 */
export function replaceExport<T>(path: string, replace: (original: T) => T): Patch {
  const file = require.resolve(`kafkajs/src/${path}`);
  const wasLoaded = require.cache[file] !== undefined;
  const original = require(file) as T;
  const loaded = require.cache[file];
  if (loaded === undefined) throw new Error(`kafkajs no longer has ${path}`);
  const replacement = replace(original);
  loaded.exports = replacement;
  return {
    name: path,
    isInEffect: () => !wasLoaded && require.cache[file]?.exports === replacement,
  };
}

/**
 * Replaces methods on the prototype of a kafkajs class, so the patch applies wherever instances are created. kafkajs's
 * private methods are named by symbols (`privateMethod`).
 */
export function replaceMethods<T extends object>(path: string, replace: (original: T) => Partial<T>): Patch {
  const file = require.resolve(`kafkajs/src/${path}`);
  const { prototype } = require(file) as { prototype: T };
  const methods = replace(prototype);
  const keys = Reflect.ownKeys(methods) as (keyof T)[];
  for (const key of keys) {
    if (typeof prototype[key] !== 'function') throw new Error(`kafkajs no longer has ${nameOf(key)} in ${path}`);
  }
  Object.assign(prototype, methods);
  return {
    name: `${path}: ${keys.map(nameOf).join(', ')}`,
    isInEffect: () => {
      const used = (require.cache[file]?.exports as { prototype?: T } | undefined)?.prototype;
      return used === prototype && keys.every((key) => prototype[key] === methods[key]);
    },
  };
}

function nameOf(key: PropertyKey): string {
  return typeof key === 'symbol' ? (key.description ?? '') : String(key);
}

/** The key of a method that kafkajs keeps to itself. `description` of its symbol, as `private:Broker:sendRequest`. */
export function privateMethod(path: string, description: string): symbol {
  const { prototype } = require(`kafkajs/src/${path}`) as { prototype: object };
  const key = Object.getOwnPropertySymbols(prototype).find((symbol) => symbol.description === description);
  if (key === undefined) throw new Error(`kafkajs no longer has ${description} in ${path}`);
  return key;
}
