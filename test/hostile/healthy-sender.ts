/**
 * A customer who does everything right while others do not: an event every 100 ms, each of which must be taken and
 * reach the API.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningReferenceApi } from '@astrolabe/reference-api';
import { eventually } from '@astrolabe/testkit';
import { basic } from './http-client.ts';

export interface HealthySender {
  /**
   * Ends the sending; rejects unless every event was taken and reached the API. Resolves with milliseconds: of the
   * slowest from sending to the API, and of all answers, shortest first, repetitions included.
   */
  finish(): Promise<{ readonly events: number; readonly slowestMs: number; readonly answersMs: readonly number[] }>;
}

export interface HealthySenderOptions {
  /** Sends it in the body as browsers do, instead of the API key in the header. */
  readonly writeKey?: string;
  /** Address that a reverse proxy would give as the sender's. */
  readonly address?: string;
}

const INTERVAL_MS = 100;

export function startHealthySender(
  ingestUrl: string,
  api: RunningReferenceApi,
  connector: { readonly id: string; readonly apiKey: string },
  { writeKey, address }: HealthySenderOptions = {},
): HealthySender {
  const headers = {
    ...(writeKey === undefined ? { authorization: basic(connector.apiKey) } : {}),
    ...(address === undefined ? {} : { 'x-forwarded-for': address }),
  };
  const answersMs: number[] = [];
  const sentAtMs = new Map<string, number>();
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    for (let number = 0; !stopping.signal.aborted; number += 1) {
      const userId = `healthy-${writeKey === undefined ? 'server' : 'browser'}-${Date.now()}-${number}`;
      const event = { type: 'identify', messageId: userId, userId, traits: { number } };
      sentAtMs.set(userId, Date.now());
      const startedAtMs = performance.now();
      await sendUntilTaken(`${ingestUrl}/v1/batch`, headers, JSON.stringify({ batch: [event], writeKey }));
      answersMs.push(performance.now() - startedAtMs);
      await sleep(INTERVAL_MS);
    }
  };
  const running = run();
  running.catch(() => undefined);
  return {
    finish: async () => {
      stopping.abort();
      await running;
      const arrivedAtMs = new Map<string, number>();
      await eventually(
        () => {
          for (const { connector: id, path, atMs, applied } of api.calls.all()) {
            const userId = path.slice(path.lastIndexOf('/') + 1);
            if (id === connector.id && applied > 0 && !arrivedAtMs.has(userId)) arrivedAtMs.set(userId, atMs);
          }
          return [...sentAtMs.keys()].every((userId) => arrivedAtMs.has(userId));
        },
        { timeoutMs: 60_000, describe: 'the events of the healthy connector to arrive' },
      );
      const slowestMs = Math.max(
        ...[...sentAtMs].map(([userId, sent]) => (arrivedAtMs.get(userId) ?? Infinity) - sent),
      );
      return { events: sentAtMs.size, slowestMs, answersMs: answersMs.sort((a, b) => a - b) };
    },
  };
}

/** As SDKs do it, which repeat what is answered 503. The time that it takes counts. */
async function sendUntilTaken(url: string, headers: Record<string, string>, body: string): Promise<void> {
  for (;;) {
    const response = await fetch(url, { method: 'POST', headers, body });
    await response.arrayBuffer();
    if (response.status === 200) return;
    assert.equal(response.status, 503, `the healthy connector was answered ${response.status}`);
    await sleep(Number(response.headers.get('retry-after')) * 1_000);
  }
}
