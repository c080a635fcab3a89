/** A customer who does everything right while others do not: an event every 100 ms, each of which must be taken and reach the API. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningReferenceApi } from '@astrolabe/reference-api';
import { eventually } from '@astrolabe/testkit';
import { basic } from './http-client.ts';

export interface HealthySender {
  /** Ends the sending; rejects unless every event was taken and reaches the API. Resolves with the slowest, in milliseconds. */
  finish(): Promise<{ readonly events: number; readonly slowestMs: number }>;
}

const INTERVAL_MS = 100;

export function startHealthySender(
  ingestUrl: string,
  api: RunningReferenceApi,
  connector: { readonly id: string; readonly apiKey: string },
): HealthySender {
  const sentAtMs = new Map<string, number>();
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    for (let number = 0; !stopping.signal.aborted; number += 1) {
      const userId = `healthy-${Date.now()}-${number}`;
      const event = { type: 'identify', messageId: userId, userId, traits: { number } };
      sentAtMs.set(userId, Date.now());
      await sendUntilTaken(`${ingestUrl}/v1/batch`, connector.apiKey, JSON.stringify({ batch: [event] }));
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
      return { events: sentAtMs.size, slowestMs };
    },
  };
}

/** As SDKs do it, which repeat what is answered 503. */
async function sendUntilTaken(url: string, apiKey: string, body: string): Promise<void> {
  for (;;) {
    const response = await fetch(url, { method: 'POST', headers: { authorization: basic(apiKey) }, body });
    await response.arrayBuffer();
    if (response.status === 200) return;
    assert.equal(response.status, 503, `the healthy connector was answered ${response.status}`);
    await sleep(Number(response.headers.get('retry-after')) * 1_000);
  }
}
