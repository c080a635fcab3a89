/** Milliseconds of the machine's monotonic clock: what one process noted can be compared with what another did. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
