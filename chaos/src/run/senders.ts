/** Senders as Segment's SDKs are: one for each stream, each call again and again until it is answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fullJitterDelayMs } from '@astrolabe/service-kit/retry';
import type { CallEnd, TrafficCall } from '../traffic/traffic-call.ts';

export interface SendersOptions {
  readonly calls: readonly TrafficCall[];
  /** Tried in turn. */
  readonly ingestUrls: readonly string[];
  /** The calls are spread over this time; one that is late is made at once. */
  readonly durationMs: number;
  /** No attempt begins after it: what has no 200 by then is unknown. */
  readonly giveUpAtMs: number;
  readonly onEnd: (call: TrafficCall, end: CallEnd) => void;
}

export interface SendersReport {
  /** Attempts by status; 0 where there was no answer. */
  readonly attempts: ReadonlyMap<number, number>;
}

const REQUEST_TIMEOUT_MS = 10_000;
const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 2_000;

/** Resolves when every call has its end. */
export async function sendAll(options: SendersOptions): Promise<SendersReport> {
  const { calls, durationMs, onEnd } = options;
  const startMs = Date.now();
  const attempts = new Map<number, number>();
  const streams = Map.groupBy(calls, ({ stream }) => stream);
  const last = Math.max(1, ...calls.map(({ sequence }) => sequence + 1));
  await Promise.all(
    [...streams.values()].map(async (own) => {
      for (const call of own) {
        const dueInMs = startMs + (call.sequence / last) * durationMs - Date.now();
        if (dueInMs > 0) await sleep(dueInMs);
        onEnd(call, await sendUntilAnswered(call, options, attempts));
      }
    }),
  );
  return { attempts };
}

async function sendUntilAnswered(
  call: TrafficCall,
  { ingestUrls, giveUpAtMs }: SendersOptions,
  attempts: Map<number, number>,
): Promise<CallEnd> {
  const firstSentAtMs = Date.now();
  for (let attempt = 1; ; attempt += 1) {
    if (Date.now() >= giveUpAtMs) return { kind: 'unknown', attempts: attempt - 1 };
    const status = await send(ingestUrls[(call.sequence + attempt) % ingestUrls.length] ?? '', call);
    attempts.set(status, (attempts.get(status) ?? 0) + 1);
    if (status === 200) return { kind: 'acknowledged', attempts: attempt, firstSentAtMs, acknowledgedAtMs: Date.now() };
    if (status >= 400 && status < 500 && status !== 429 && status !== 408) {
      return { kind: 'refused', status, attempts: attempt };
    }
    const random = Math.random();
    await sleep(fullJitterDelayMs({ attempt, baseMs: RETRY_BASE_MS, maxMs: RETRY_MAX_MS, random }));
  }
}

/** Status of the answer; 0 where there was none, or none that could be read to its end. */
async function send(url: string, { path, headers, body }: TrafficCall): Promise<number> {
  try {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const response = await fetch(url + path, { method: 'POST', headers, body, signal });
    await response.text();
    return response.status;
  } catch {
    return 0;
  }
}
