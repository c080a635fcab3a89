/** The values of the chart for a secured Kafka, with a principal for each process. No I/O. */
import { rightsHolders, type RightsHolder } from '@astrolabe/records';

export const TOPIC_PREFIX = 'prod.';
export const CONNECTORS_SECRET = 'astrolabe-connectors';
export const AUTHORITY_SECRET = 'kafka-cluster-ca-cert';
/** What the console's sessions are encrypted by, and its users. */
export const CONSOLE_SECRET = 'astrolabe-console-login';
export const CONSOLE_USER = 'ann';
export const CONNECTOR = 'acme';
/** The key of the Secret that holds the connector's API key. */
export const API_KEY_FILE = 'acme-api-key';
/** What SDKs send with; it is not the API key, and stays while that changes. */
export const WRITE_KEY = 'acme-web';

/** As the brokers know each, and as its Secret is called. */
export function userOf(holder: RightsHolder): string {
  return `astrolabe-${holder}`;
}

export const users: readonly string[] = rightsHolders.map(userOf);

export interface Addresses {
  readonly kafka: string;
  readonly registry: string;
  readonly api: string;
  /** Takes spans as OTLP over HTTP. */
  readonly collector: string;
}

export function valuesFor({ kafka, registry, api, collector }: Addresses): object {
  const sasl = (holder: RightsHolder): object => ({
    kafka: { sasl: { username: userOf(holder), existingSecret: userOf(holder) } },
  });
  const tracing = {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector,
    OTEL_BSP_SCHEDULE_DELAY: 100,
  };
  return {
    kafka: {
      brokers: [kafka],
      topicPrefix: TOPIC_PREFIX,
      partitions: 2,
      // One broker is all that this machine runs.
      replicationFactor: 1,
      tls: { enabled: true, ca: { existingSecret: AUTHORITY_SECRET } },
      sasl: { mechanism: 'scram-sha-512' },
    },
    registry: { url: registry },
    api: { url: api },
    connectors: { existingSecret: CONNECTORS_SECRET },
    ingest: { replicas: 1, drainSeconds: 0, env: tracing, ...sasl('ingest') },
    mapper: { replicas: 1, env: tracing, ...sasl('mapper') },
    dispatcher: { replicas: 1, env: tracing, ...sasl('dispatcher') },
    console: {
      enabled: true,
      login: 'basic',
      existingSecret: CONSOLE_SECRET,
      roles: [`name:${CONSOLE_USER}=replayer`],
      // As by a port that is forwarded; no TLS is in front of the pods here.
      publicUrl: 'http://localhost:3400',
      ...sasl('console'),
    },
    operator: sasl('operator'),
    setup: sasl('setup'),
    monitoring: { podMonitor: { enabled: true }, rules: { enabled: true } },
  };
}

/** The connectors file: the API key is a file beside it. */
export function connectorsFile(): string {
  const connector = { id: CONNECTOR, name: 'Acme', apiKey: { file: API_KEY_FILE }, writeKeys: [WRITE_KEY] };
  return JSON.stringify({ connectors: [connector] });
}
