/** A sender as Segment's SDKs are: sends a batch again, with the same message ids, until it is answered 200. */
import { setTimeout as pause } from 'node:timers/promises';
import type { GeneratedEvent } from './traffic.ts';

export interface SentBatch {
  /** Attempts that had no answer or one that asks for a repetition. */
  readonly failures: number;
}

const PAUSE_MS = 50;
const DEADLINE_MS = 60_000;

export async function sendUntilStored(
  ingestUrl: string,
  apiKey: string,
  batch: readonly GeneratedEvent[],
): Promise<SentBatch> {
  const body = JSON.stringify({ batch, writeKey: apiKey });
  const deadline = Date.now() + DEADLINE_MS;
  for (let failures = 0; ; failures += 1) {
    const answer = await send(`${ingestUrl}/v1/batch`, body);
    if (answer.kind === 'stored') return { failures };
    if (answer.kind === 'refused' || Date.now() > deadline)
      throw new Error(`the batch was not stored: ${answer.reason}`);
    // As an SDK would: a repetition at once would only be refused again while the service starts.
    await pause(PAUSE_MS);
  }
}

type Answer = { readonly kind: 'stored' } | { readonly kind: 'again' | 'refused'; readonly reason: string };

async function send(url: string, body: string): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  } catch (error) {
    return { kind: 'again', reason: String(error) };
  }
  const text = await response.text().catch((error: unknown) => String(error));
  if (response.status === 200) {
    const { success, rejected } = JSON.parse(text) as { success: boolean; rejected?: unknown };
    return success && rejected === undefined ? { kind: 'stored' } : { kind: 'refused', reason: text };
  }
  const reason = `status ${String(response.status)}: ${text}`;
  return { kind: response.status >= 500 || response.status === 429 ? 'again' : 'refused', reason };
}
