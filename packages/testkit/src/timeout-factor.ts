/**
 * Time-outs of tests are there to find what hangs, not to judge how fast a machine is. `npm test` gives all of them
 * that much more room than their numbers say, for machines that do other work; demo, bench and chaos run without.
 */
export function scaledTimeout(timeoutMs: number, env: NodeJS.ProcessEnv = process.env): number {
  return timeoutMs * Number(env.ASTROLABE_TIMEOUT_FACTOR ?? 1);
}
