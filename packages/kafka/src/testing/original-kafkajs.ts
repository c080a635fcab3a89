/**
 * kafkajs beside its patches. Files of tests share a process, so what a test takes out of the module cache it puts
 * back.
 */
import { createRequire } from 'node:module';
import '../kafkajs/index.ts';

const require = createRequire(import.meta.url);

/** A module of kafkajs as the product uses it. */
export const loadPatched = <T>(path: string): T => require(`kafkajs/src/${path}`) as T;

/** The module as it was published, with copies of all that it requires. */
export function loadOriginal<T>(path: string): T {
  const isKafkajs = (name: string) => /[\\/]kafkajs[\\/]/.test(name);
  const patched = Object.entries(require.cache).filter(([name]) => isKafkajs(name));
  const forget = () => {
    for (const name of Object.keys(require.cache)) if (isKafkajs(name)) Reflect.deleteProperty(require.cache, name);
  };
  forget();
  try {
    return loadPatched(path);
  } finally {
    forget();
    for (const [name, module] of patched) require.cache[name] = module;
  }
}
