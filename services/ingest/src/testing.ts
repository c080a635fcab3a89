/** What ingest's tests share: two connectors, an observer that keeps what was counted, and records as text. */
import type { OutgoingRecord } from '@astrolabe/kafka';
import { createConnectorDirectory, createLogger, type ConnectorDirectory, type Logger } from '@astrolabe/service-kit';
import type { IngestMetrics } from './ingest-metrics.ts';

export const API_KEY = 'key-acme';
export const WRITE_KEY = 'write-acme';
export const DISABLED_KEY = 'key-dormant';

export function testConnectors(): ConnectorDirectory {
  const settings = { freeEmailProviders: 'allow' } as const;
  return createConnectorDirectory([
    { id: 'acme', name: 'Acme', apiKey: API_KEY, writeKeys: [WRITE_KEY], enabled: true, ...settings },
    { id: 'dormant', name: 'Dormant', apiKey: DISABLED_KEY, writeKeys: [], enabled: false, ...settings },
  ]);
}

export const silentLogger: Logger = createLogger({ name: 'ingest', level: 'silent' });

export function basicAuth(userAndPassword: string): string {
  return `Basic ${Buffer.from(userAndPassword).toString('base64')}`;
}

/** Metrics that write each call into `log`. */
export function createRecordingMetrics(log: string[] = []): IngestMetrics & { readonly log: string[] } {
  return {
    log,
    requestAnswered: (endpoint, status) => void log.push(`answered ${endpoint} ${status}`),
    eventsJudged: (connector, type, verdict, count) => void log.push(`${connector} ${type} ${verdict} ${count}`),
    acknowledged: () => void log.push('acknowledged'),
    storeFailed: (code) => void log.push(`store failed ${code}`),
    bodyTooLarge: (connector) => void log.push(`too large for ${connector}`),
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
