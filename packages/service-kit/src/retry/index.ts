export { fullJitterDelayMs, type FullJitterInput } from './backoff.ts';
export { unlessAborted } from './unless-aborted.ts';
