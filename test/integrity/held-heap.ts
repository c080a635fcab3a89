/**
 * What a service holds, as opposed to what V8 has not yet collected.
 *
 * Resident memory by itself does not tell: under a load that never changes, with no fault at all, V8 lets the young
 * generation grow from 32 MB to 128 MB within minutes, which is more than any outage costs.
 */
import assert from 'node:assert/strict';
import { eventually, type ServiceProcess } from '@astrolabe/testkit';

const COLLECTION_TIMEOUT_MS = 10_000;

/**
 * Environment of a service that is to be measured. Its young generation stays at 32 MB, so that resident memory can be
 * compared too.
 */
export const measurable: Readonly<Record<string, string>> = {
  NODE_OPTIONS: [
    '--expose-gc',
    '--max-semi-space-size=16',
    `--import=${new URL('collect-on-signal.ts', import.meta.url).href}`,
  ].join(' '),
};

/** Bytes of JavaScript objects after a full collection. The service was started with `measurable`. */
export async function heldHeapBytes(service: ServiceProcess): Promise<number> {
  const collections = () => service.records().filter(({ msg }) => msg === 'garbage collected');
  const before = collections().length;
  service.kill('SIGUSR2');
  await eventually(() => collections().length > before, {
    timeoutMs: COLLECTION_TIMEOUT_MS,
    describe: `${service.name} to collect its garbage`,
  });
  const heapBytes = collections().at(-1)?.['heapBytes'];
  assert.ok(typeof heapBytes === 'number');
  return heapBytes;
}
