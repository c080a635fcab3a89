/** What ingest's tests share: three connectors, an observer that keeps what was counted, and records as text. */
import type { OutgoingRecord } from '@astrolabe/records';
import { createLogger, type Logger } from '@astrolabe/service-kit';
import { createConnectorDirectory, type ConnectorDirectory } from '@astrolabe/service-kit/connectors';
import { ByteBudget } from './core/limits/byte-budget.ts';
import type { RequestHead } from './core/sender/identify-sender.ts';
import type { FairnessOptions } from './fairness.ts';
import type { HandledRequest, IngestHandler } from './ingest-handler.ts';
import type { IngestMetrics } from './ingest-metrics.ts';
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
  const origin = { traceparent: undefined, clientIp: undefined, client: CLIENT };
  return handler.handle({ ...whole, ...origin, sender, body, hold });
}

/** Metrics that write each call into `log`. */
export function createRecordingMetrics(log: string[] = []): IngestMetrics & { readonly log: string[] } {
  return {
    log,
    requestAnswered: (endpoint, connector, status) => void log.push(`answered ${endpoint} ${connector} ${status}`),
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
