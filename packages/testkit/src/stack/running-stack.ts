import type { BrokerControl } from './broker-control.ts';

/** What each way of starting the stack hands back. */
export interface RunningStack {
  /** Comma-separated `host:port`, as `KAFKA_BROKERS` takes it. */
  readonly kafkaBrokers: string;
  /** Base URL of the Confluent API, as `SCHEMA_REGISTRY_URL` takes it. */
  readonly schemaRegistryUrl: string;
  /** Undefined where the broker belongs to somebody else. */
  readonly kafka: BrokerControl | undefined;
  stop(): Promise<void>;
}
