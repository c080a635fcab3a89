/** What ingest's tests share: three connectors, an observer that keeps what was counted, and records as text. */
import type { OutgoingRecord } from '@astrolabe/records';
import { createLogger, type Logger } from '@astrolabe/service-kit';
import { createConnectorDirectory, type ConnectorDirectory } from '@astrolabe/service-kit/connectors';
import { ByteBudget } from './core/limits/byte-budget.ts';
import type { RequestHead } from './core/sender/identify-sender.ts';
import type { FairnessOptions } from './fairness.ts';
import type { HandledRequest, IngestHandler } from './ingest-handler.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
import { EventReader, type EventReaderOptions } from './reading/event-reader.ts';
import { blocksOf, createCallAnswerer, type ReadingCall } from './reading/reading-calls.ts';
import type { ReadingThread } from './reading/reading-thread.ts';
import { createTurns, type Turns } from './turns.ts';

export const API_KEY = 'key-acme';
export const WRITE_KEY = 'write-acme';
export const WEBHOOK_SECRET = 'secret-acme';
export const DISABLED_KEY = 'key-dormant';

export function testConnectors(): ConnectorDirectory {
  const settings = { freeEmailProviders: 'allow' } as const;
  return createConnectorDirectory([
    {
      id: 'acme',
      name: 'Acme',
      apiKey: API_KEY,
      writeKeys: [WRITE_KEY],
      webhookSecret: WEBHOOK_SECRET,
      enabled: true,
      ...settings,
    },
    {
      id: 'dormant',
      name: 'Dormant',
      apiKey: DISABLED_KEY,
      writeKeys: [],
      webhookSecret: WEBHOOK_SECRET,
      enabled: false,
      ...settings,
    },
    { id: 'plain', name: 'Plain', apiKey: 'key-plain', writeKeys: [], enabled: true, ...settings },
  ]);
}

export const silentLogger: Logger = createLogger({ name: 'ingest', level: 'silent' });

export function basicAuth(userAndPassword: string): string {
  return `Basic ${Buffer.from(userAndPassword).toString('base64')}`;
}

export const CLIENT = '192.0.2.1';

export const unlimited: FairnessOptions = {
  defaultLimit: { eventsPerSecond: 0, burst: 1 },
  instances: 1,
  bytesPerSecond: 0,
  workMsPerSecond: 0,
  clientWorkMsPerSecond: 0,
  nowMs: () => 0,
};

/** Work takes no time, so everything is done at once. */
export function instantTurns(): Turns {
  return createTurns({ monotonicMs: () => 0, afterSockets: setImmediate });
}

export interface InMemoryThread extends ReadingThread {
  /** The kinds of the calls so far, in order. */
  readonly calls: readonly ReadingCall['kind'][];
  /** Bodies that were brought and neither judged nor dropped. */
  readonly keptBodies: number;
  /** Calls made from here on reject with this, until it is undefined again. */
  failWith(error: Error | undefined): void;
  /** Calls made from here on are answered only after `release`. */
  hold(): { release(): void };
}

/** In-memory fake: answers on the same thread, but not at once, and with what would be copied or handed over. */
export function createInMemoryThread(newMessageId: () => string = () => 'new'): InMemoryThread {
  const { answer, drop } = createCallAnswerer({ monotonicMs: () => 0, newMessageId });
  const kept = new Set<number>();
  const calls: ReadingCall['kind'][] = [];
  let failure: Error | undefined;
  let gate: Promise<void> | undefined;
  return {
    calls,
    get keptBodies() {
      return kept.size;
    },
    drop: (id) => {
      drop(id);
      kept.delete(id);
    },
    call: async (call) => {
      calls.push(call.kind);
      const received = structuredClone(call, { transfer: blocksOf(call) });
      await gate;
      await new Promise(setImmediate);
      if (failure !== undefined) throw failure;
      const result = answer(received);
      if (result.kind === 'loaded' && result.loaded.kind === 'loaded') kept.add(received.id);
      if (result.kind === 'judged') kept.delete(received.id);
      return structuredClone(result, { transfer: blocksOf(result) });
    },
    failWith: (error) => void (failure = error),
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return {
        release: () => {
          gate = undefined;
          resolve();
        },
      };
    },
  };
}

/** Reads with turns in which work takes no time, on an in-memory thread, unless the options say otherwise. */
export function createTestReader(options: Partial<EventReaderOptions> = {}): EventReader {
  const newMessageId = options.newMessageId ?? (() => 'new');
  return new EventReader({
    turns: instantTurns(),
    thread: createInMemoryThread(newMessageId),
    maxInflatedBytes: 1_000_000,
    monotonicMs: () => 0,
    newMessageId,
    ...options,
  });
}

/** A request as the HTTP server brings it to the handler. */
export async function sendTo(
  handler: IngestHandler,
  head: Omit<RequestHead, 'webhook'> & Partial<Pick<RequestHead, 'webhook'>>,
  body: Buffer,
): Promise<HandledRequest> {
  const whole: RequestHead = { webhook: undefined, ...head };
  const admission = handler.admit(whole, CLIENT);
  if (admission.kind === 'answered') return admission;
  const hold = new ByteBudget({ maxBytes: 100_000_000, minReadMs: 0, nowMs: () => 0 }).open();
  hold.take(body.length);
  hold.claim(admission.owner);
  const { sender } = admission;
  const origin = { trace: undefined, clientIp: undefined, client: CLIENT };
  // A copy, since a test may send the same body again.
  const received = { bytes: Buffer.from(body), encoding: 'none' } as const;
  return handler.handle({ ...whole, ...origin, sender, body: received, hold });
}

/** Metrics that write each call into `log`. */
export function createRecordingMetrics(log: string[] = []): IngestMetrics & { readonly log: string[] } {
  return {
    log,
    requestAnswered: (endpoint, connector, status) => void log.push(`answered ${endpoint} ${connector} ${status}`),
    requestRefused: () => undefined,
    deadLettersStored: () => undefined,
    bodyTaken: (connector, bytes) => void log.push(`${connector} took ${bytes} bytes`),
    eventsJudged: (connector, type, verdict, count) => void log.push(`${connector} ${type} ${verdict} ${count}`),
    acknowledged: (connector) => void log.push(`acknowledged for ${connector}`),
    storeFailed: (connector, code) => void log.push(`store failed for ${connector}: ${code}`),
    bodyTooLarge: (connector) => void log.push(`too large for ${connector}`),
    timestampsUnreadable: (connector, count) => void log.push(`${connector} unreadable timestamps ${count}`),
    connectionClosed: (reason) => void log.push(`connection closed: ${reason}`),
  };
}

export interface RecordText {
  readonly key: string | undefined;
  readonly value: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

export function toText(record: OutgoingRecord | undefined): RecordText {
  return {
    key: record?.key?.toString('utf8'),
    value: record?.value?.toString('utf8'),
    headers: Object.fromEntries(
      Object.entries(record?.headers ?? {}).map(([name, value]) => [name, value.toString('utf8')]),
    ),
  };
}
