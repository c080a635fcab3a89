/** Where to look first for a record of which only the id is known. Pure. */

/** Half-open, epoch milliseconds. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly untilMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const BEFORE_MS = 5 * MINUTE_MS;
/**
 * SDKs send what they have within ten seconds (`flushInterval` of analytics-node), and most clocks are right: nearly
 * all events are here.
 */
const PROMPT_BEFORE_MS = 2_000;
const PROMPT_AFTER_MS = 30_000;
/**
 * SDKs keep events for as long as they cannot send, twelve hours at most (`maxTotalBackoffDuration` of analytics-node).
 */
const AFTER_MS = 13 * HOUR_MS;

/** `node-next-1780000000000-<uuid>` and `ajs-next-...`: the SDKs write the time of the call into the id. */
const sdkId = /^(?:node|ajs)-next-(\d{13})-/;
/** A UUID of version 7 begins with its time in milliseconds: RFC 9562, section 5.7. */
const uuid7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** When the id was made, where it says so. */
export function timeInId(id: string): number | undefined {
  const sdk = sdkId.exec(id)?.[1];
  if (sdk !== undefined) return Number(sdk);
  const [, high, low] = uuid7.exec(id) ?? [];
  return high === undefined || low === undefined ? undefined : Number.parseInt(high + low, 16);
}

/**
 * The windows to search one after the other: around the time in the id, then back from now in steps that grow, so that
 * what is recent, which is most of what is asked for, is found at once. Together they cover everything from `oldestMs`
 * on; none is searched twice but for what the first ones cover.
 */
export function searchWindows(id: string, nowMs: number, oldestMs: number): TimeWindow[] {
  const windows: TimeWindow[] = [];
  const madeAtMs = timeInId(id);
  if (madeAtMs !== undefined && madeAtMs < nowMs + BEFORE_MS) {
    windows.push({ fromMs: madeAtMs - PROMPT_BEFORE_MS, untilMs: madeAtMs + PROMPT_AFTER_MS });
    windows.push({ fromMs: madeAtMs - BEFORE_MS, untilMs: madeAtMs + HOUR_MS });
    windows.push({ fromMs: madeAtMs + HOUR_MS, untilMs: madeAtMs + AFTER_MS });
  }
  let untilMs = nowMs + HOUR_MS;
  for (let stepMs = 10 * MINUTE_MS + HOUR_MS; untilMs > oldestMs; stepMs *= 4) {
    const fromMs = Math.max(oldestMs, untilMs - stepMs);
    windows.push({ fromMs, untilMs });
    untilMs = fromMs;
  }
  return windows;
}
