import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { scaledTimeoutMs } from './timeout-factor.ts';

export interface EventuallyOptions {
  /** To find what hangs; `npm test` multiplies it (timeout-factor.ts). */
  readonly timeoutMs: number;
  /** What is waited for, as the end of "waited 5000 ms for ...". */
  readonly describe: string;
  /** Between two checks, and at least as long as a check takes. Default 50. */
  readonly intervalMs?: number;
}

/** Values that say "not yet". */
type NotYet = undefined | null | false;

/**
 * Calls `check` until it returns something other than undefined, null or false, and returns that. Throwing is "not yet"
 * too, so a block of assertions can be the check.
 *
 * Rejects at the deadline, with the last seen value or error in the message; also when a check never answers: its
 * signal is aborted then.
 */
export async function eventually<T>(
  check: (signal: AbortSignal) => T | Promise<T>,
  { timeoutMs: givenMs, describe, intervalMs = 50 }: EventuallyOptions,
): Promise<Exclude<Awaited<T>, NotYet>> {
  const timeoutMs = scaledTimeoutMs(givenMs);
  const controller = new AbortController();
  const deadline = Date.now() + timeoutMs;
  const expired = Promise.withResolvers<typeof EXPIRED>();
  const timer = setTimeout(() => {
    controller.abort();
    expired.resolve(EXPIRED);
  }, timeoutMs);

  let checks = 0;
  let lastSeen: LastSeen | undefined;
  try {
    for (;;) {
      const startedAtMs = Date.now();
      const outcome = await Promise.race([attempt(check, controller.signal), expired.promise]);
      if (outcome === EXPIRED) break;
      checks += 1;
      if (outcome.kind === 'value' && isThere(outcome.value)) return outcome.value;
      lastSeen = outcome;
      // A check that asks much is not asked all the time: what is waited for needs the machine too.
      const pauseMs = Math.max(intervalMs, Date.now() - startedAtMs);
      if (Date.now() + intervalMs > deadline) break;
      await sleep(Math.min(pauseMs, deadline - Date.now()));
    }
  } finally {
    clearTimeout(timer);
  }
  throw new Error(
    `waited ${timeoutMs} ms for ${describe}; ${describeLastSeen(lastSeen, checks)}`,
    lastSeen?.kind === 'error' ? { cause: lastSeen.error } : undefined,
  );
}

const EXPIRED = Symbol('expired');

type Attempt<T> = { readonly kind: 'value'; readonly value: T } | { readonly kind: 'error'; readonly error: unknown };
type LastSeen = Attempt<unknown>;

async function attempt<T>(
  check: (signal: AbortSignal) => T | Promise<T>,
  signal: AbortSignal,
): Promise<Attempt<Awaited<T>>> {
  try {
    return { kind: 'value', value: await check(signal) };
  } catch (error) {
    return { kind: 'error', error };
  }
}

function isThere<T>(value: T): value is Exclude<T, NotYet> {
  return value !== undefined && value !== null && value !== false;
}

function describeLastSeen(lastSeen: LastSeen | undefined, checks: number): string {
  if (lastSeen === undefined) return 'the first check never answered';
  const times = checks === 1 ? '1 check' : `${checks} checks`;
  if (lastSeen.kind === 'value')
    return `last of ${times} saw ${inspect(lastSeen.value, { depth: 4, breakLength: 100 })}`;
  const { error } = lastSeen;
  return `last of ${times} failed: ${error instanceof Error ? error.message : inspect(error)}`;
}
