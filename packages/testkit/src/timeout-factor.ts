/**
 * A test's time-out finds what hangs; it does not judge how fast the machine is. `npm test` therefore multiplies every
 * time-out, so that a busy machine does not fail the tests. Demo, bench and chaos run without the factor.
 */
export function scaledTimeoutMs(timeoutMs: number, env: NodeJS.ProcessEnv = process.env): number {
  return timeoutMs * Number(env.ASTROLABE_TIMEOUT_FACTOR ?? 1);
}
