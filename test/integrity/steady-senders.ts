/** Load as many SDKs at once make it: each has one request under way, and repeats it until it is answered 200. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fullJitterDelayMs } from '@astrolabe/service-kit/retry';

export interface SteadySendersOptions {
  readonly url: string;
  readonly writeKey: string;
  readonly senders: number;
  /** Events in a request of every other sender; the rest send single events. */
  readonly batchSize: number;
  /** Between an acknowledgement and the next request. */
  readonly pauseMs: number;
}

export interface SendersReport {
  /** `messageId`s that were answered 200, and not refused in that answer. */
  readonly acknowledged: ReadonlySet<string>;
  /** Requests by status of the answer. */
  readonly statuses: ReadonlyMap<number, number>;
  /** `Retry-After` of every answer of 503 or 429; null where there was none. */
  readonly retryAfters: ReadonlySet<string | null>;
  /** Requests that got no answer, or one that a sender can make nothing of. */
  readonly faults: readonly string[];
}

export interface SteadySenders {
  report(): SendersReport;
  /** No more new requests. Resolves once every request that was begun is acknowledged; rejects after `timeoutMs`. */
  finish(timeoutMs: number): Promise<SendersReport>;
}

/** To find a request that hangs. analytics-node gives up after 10 s, which a busy machine may take: https://github.com/segmentio/analytics-next, `packages/node/src/plugins/segmentio/publisher.ts`. */
const REQUEST_TIMEOUT_MS = 60_000;
const RETRY_BASE_MS = 250;
const RETRY_MAX_MS = 2_000;

export function startSteadySenders(options: SteadySendersOptions): SteadySenders {
  const { url, writeKey, senders, batchSize, pauseMs } = options;
  const acknowledged = new Set<string>();
  const statuses = new Map<number, number>();
  const retryAfters = new Set<string | null>();
  const faults: string[] = [];
  const finishing = new AbortController();
  const givenUp = new AbortController();

  const isAcknowledged = async (path: string, body: string): Promise<boolean> => {
    let response: Response;
    let text: string;
    try {
      const signal = AbortSignal.any([AbortSignal.timeout(REQUEST_TIMEOUT_MS), givenUp.signal]);
      response = await fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${writeKey}:`)}`, 'content-type': 'application/json' },
        body,
        signal,
      });
      text = await response.text();
    } catch (error) {
      if (!givenUp.signal.aborted) faults.push(String(error instanceof Error ? (error.cause ?? error) : error));
      return false;
    }
    const { status } = response;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 200 && text === '{"success":true}') return true;
    if (status === 503 || status === 429) retryAfters.add(response.headers.get('retry-after'));
    else faults.push(`${status} ${text}`);
    return false;
  };

  const run = async (sender: number): Promise<void> => {
    for (let request = 0; !finishing.signal.aborted; request += 1) {
      const count = sender % 2 === 0 ? batchSize : 1;
      const events = Array.from({ length: count }, (_, index) => eventOf(sender, request, index));
      const path = count === 1 ? '/v1/track' : '/v1/batch';
      const body = JSON.stringify(count === 1 ? events[0] : { batch: events, sentAt: new Date().toISOString() });
      for (let attempt = 0; !(await isAcknowledged(path, body)); attempt += 1) {
        const random = Math.random();
        await sleep(fullJitterDelayMs({ attempt, baseMs: RETRY_BASE_MS, maxMs: RETRY_MAX_MS, random }));
        givenUp.signal.throwIfAborted();
      }
      for (const { messageId } of events) acknowledged.add(messageId);
      await sleep(pauseMs, undefined, { signal: finishing.signal }).catch(() => undefined);
    }
  };

  const report = (): SendersReport => ({ acknowledged, statuses, retryAfters, faults });
  const running = Promise.all(Array.from({ length: senders }, (_, sender) => run(sender)));
  running.catch(() => undefined);
  return {
    report,
    finish: async (timeoutMs) => {
      finishing.abort();
      const timer = setTimeout(() => {
        givenUp.abort(new Error(`not every request was acknowledged within ${timeoutMs} ms after the end of the load`));
      }, timeoutMs);
      await running.finally(() => {
        clearTimeout(timer);
      });
      return report();
    },
  };
}

function eventOf(sender: number, request: number, index: number) {
  return {
    type: 'track',
    messageId: `soak-${sender}-${request}-${index}`,
    userId: `user-${sender}-${index}`,
    event: 'Soaked',
    properties: { sender, request, index, text: 'x'.repeat(200) },
    timestamp: new Date().toISOString(),
  };
}
