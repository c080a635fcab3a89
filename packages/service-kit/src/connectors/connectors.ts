import { hash } from 'node:crypto';

/** What a customer sets up in Astrolabe. */
export interface Connector {
  readonly id: string;
  readonly name: string;
  /** Calls the Astrolabe API, and identifies the connector at ingest. Empty if keys are unread. */
  readonly apiKey: string;
  /** Identify the connector at ingest only, for senders that anybody can read, such as browsers. */
  readonly writeKeys: readonly string[];
  /** Signs the webhooks that Segment sends for this connector. Identifies nothing and is never sent. */
  readonly webhookSecret?: string;
  /** Whether users with an address at a free email provider are let through. */
  readonly freeEmailProviders: 'allow' | 'block';
  /**
   * Domains whose users are always let through, including subdomains: lower case, punycode. None is in
   * `deniedEmailDomains`.
   */
  readonly allowedEmailDomains?: readonly string[];
  /** Domains whose users are always skipped, in the same form. If two match an address, the longer one decides. */
  readonly deniedEmailDomains?: readonly string[];
  /**
   * The toggle on Segment's page. Requests of a disabled connector are answered 403, and its stored events are skipped.
   */
  readonly enabled: boolean;
  /** Overrides ingest's default for this connector. */
  readonly rateLimit?: RateLimit;
  /** Overrides the dispatcher's defaults for this connector, setting by setting. */
  readonly delivery?: DeliverySettings;
}

/** How many events a connector may send. Whole numbers. */
export interface RateLimit {
  /** In the long run. 0 is unlimited. */
  readonly eventsPerSecond: number;
  /** At once, after a pause; at least 1. */
  readonly burst: number;
}

/**
 * How the dispatcher calls the API for a connector, from each of its instances. Absent settings keep the process's
 * value.
 */
export interface DeliverySettings {
  /** Calls in flight at most; a whole number, at least 1. */
  readonly maxConcurrentCalls?: number;
  /** Whole number; 0 is unlimited. A bulk call is one. */
  readonly callsPerSecond?: number;
  /** Whether commands share calls. */
  readonly bulk?: boolean;
}

/** The connectors at one moment. Lookups are synchronous and cheap enough for every request. */
export interface ConnectorDirectory {
  /** In the order of the file, including disabled ones. */
  all(): readonly Connector[];
  byId(id: string): Connector | undefined;
  /**
   * The connector whose API key or write key this is, enabled or not; the caller decides about `enabled`. Its timing
   * reveals nothing about the keys.
   */
  byKey(key: string): Connector | undefined;
}

/**
 * Creates a directory of connectors whose ids and keys are unique (`loadConnectors` checks that; the last one wins
 * here).
 */
export function createConnectorDirectory(connectors: readonly Connector[]): ConnectorDirectory {
  const all = Object.freeze([...connectors]);
  const byId = new Map(all.map((connector) => [connector.id, connector]));
  const byDigest = new Map<string, Connector>();
  for (const connector of all) {
    for (const key of keysOf(connector)) byDigest.set(digestOf(key), connector);
  }
  return {
    all: () => all,
    byId: (id) => byId.get(id),
    // Comparing digests keeps the lookup's timing independent of how much of a key was guessed.
    byKey: (key) => byDigest.get(digestOf(key)),
  };
}

function keysOf(connector: Connector): readonly string[] {
  // An unread API key is empty, and an empty key must not authenticate.
  return [connector.apiKey, ...connector.writeKeys].filter((key) => key !== '');
}

function digestOf(key: string): string {
  return hash('sha256', key, 'hex');
}
