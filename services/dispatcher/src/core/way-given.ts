/**
 * How long something that could have gone on has waited for live traffic. Times are of the monotonic clock. Pure state.
 */
export class WayGiven {
  #pastMs = 0;
  #sinceMs: number | undefined;

  /** It waits from here on, unless it does already. */
  begin(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  /** It goes on, or has nothing to do. */
  end(nowMs: number): void {
    if (this.#sinceMs === undefined) return;
    this.#pastMs += nowMs - this.#sinceMs;
    this.#sinceMs = undefined;
  }

  /** All in all. */
  totalMs(nowMs: number): number {
    return this.#pastMs + (this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs);
  }
}
