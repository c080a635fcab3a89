/** Events by way of Segment's own SDK, pointed at ingest, and the same requests again as raw HTTP. */
import { Analytics } from '@segment/analytics-node';

/** An event that the SDK has sent. */
export interface SentEvent {
  readonly messageId: string;
  /** As it went over the wire. */
  readonly event: Readonly<Record<string, unknown>>;
  /** The whole request that carried it. */
  readonly body: string;
  /** What ingest answered. */
  readonly status: number;
  readonly answeredAfterMs: number;
}

export type SdkCall = (analytics: Analytics) => void;

export interface SegmentSender {
  /** Makes the calls and resolves when ingest has answered for all of their events, in the order of the calls. */
  send(...calls: readonly SdkCall[]): Promise<readonly SentEvent[]>;
  /** Posts a request once more, byte for byte. */
  repeat(body: string): Promise<{ readonly status: number; readonly text: string }>;
  close(): Promise<void>;
}

/** More than any step sends at once: then each `send` is one request. */
const FLUSH_AT = 100;
const TIMEOUT_MS = 10_000;

export function createSegmentSender(ingestUrl: string, writeKey: string): SegmentSender {
  const analytics = new Analytics({ writeKey, host: ingestUrl, flushAt: FLUSH_AT, maxRetries: 2 });
  const sent: SentEvent[] = [];
  let failure: unknown;
  let requestedAtMs = 0;
  analytics.on('http_request', () => {
    requestedAtMs = performance.now();
  });
  analytics.on('http_response', ({ status, body }) => {
    const answeredAfterMs = performance.now() - requestedAtMs;
    const { batch } = JSON.parse(body) as {
      batch: readonly ({ readonly messageId: string } & Record<string, unknown>)[];
    };
    for (const event of batch) sent.push({ messageId: event.messageId, event, body, status, answeredAfterMs });
  });
  analytics.on('error', (error) => {
    failure = error;
  });

  return {
    send: async (...calls) => {
      sent.length = 0;
      failure = undefined;
      for (const call of calls) call(analytics);
      await analytics.flush();
      if (failure !== undefined) throw new Error("Segment's SDK could not deliver to ingest", { cause: failure });
      if (sent.length !== calls.length) {
        throw new Error(`Segment's SDK sent ${sent.length} events for ${calls.length} calls`);
      }
      return [...sent];
    },
    repeat: async (body) => {
      const response = await fetch(`${ingestUrl}/v1/batch`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`,
        },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return { status: response.status, text: await response.text() };
    },
    close: () => analytics.closeAndFlush({ timeout: TIMEOUT_MS }),
  };
}
