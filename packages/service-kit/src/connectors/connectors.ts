import { hash, timingSafeEqual } from 'node:crypto';

/** What a customer sets up in Astrolabe. */
export interface Connector {
  readonly id: string;
  readonly name: string;
  /** Calls the Astrolabe API, and identifies the connector at ingest. Empty where keys are unread. */
  readonly apiKey: string;
  /** Identify the connector at ingest only, for senders that anybody can read, such as browsers. */
  readonly writeKeys: readonly string[];
  /** Signs the webhooks that Segment sends for this connector. Identifies nothing and is never sent. */
  readonly webhookSecret?: string;
  /** Whether users whose email address is of a free provider are let through. */
  readonly freeEmailProviders: 'allow' | 'block';
  /** Domains whose users are let through in any case, subdomains included: lower case, punycode. None is in `deniedEmailDomains`. */
  readonly allowedEmailDomains?: readonly string[];
  /** Domains whose users are skipped in any case, in the same form. Of two that fit an address the longer one decides. */
  readonly deniedEmailDomains?: readonly string[];
  /** The toggle on Segment's page. Requests of a disabled connector are answered 403, and what was stored before is skipped. */
  readonly enabled: boolean;
  /** Takes the place of ingest's default for this connector. */
  readonly rateLimit?: RateLimit;
  /** Takes the place of the dispatcher's defaults for this connector, as far as it goes. */
  readonly delivery?: DeliverySettings;
}

/** How many events a connector may send. Whole numbers. */
export interface RateLimit {
  /** In the long run. 0 is unlimited. */
  readonly eventsPerSecond: number;
  /** At once, after a pause; at least 1. */
  readonly burst: number;
}

/** How the dispatcher calls the API for a connector, from each of its instances. What is absent is as the process has it. */
export interface DeliverySettings {
  /** Calls in flight at most; a whole number, at least 1. */
  readonly maxConcurrentCalls?: number;
  /** Whole number; 0 is unlimited. A bulk call is one. */
  readonly callsPerSecond?: number;
  /** Whether commands share calls. */
  readonly bulk?: boolean;
}

/** The connectors of one moment. Lookups are synchronous and cheap enough for every request. */
export interface ConnectorDirectory {
  /** In the order of the file, disabled ones included. */
  all(): readonly Connector[];
  byId(id: string): Connector | undefined;
  /**
   * The connector whose API key or write key this is, enabled or not; the caller decides about `enabled`. The time that it takes
   * tells nothing about the keys.
   */
  byKey(key: string): Connector | undefined;
}

/** Creates a directory of connectors whose ids and keys are unique (`loadConnectors` checks that; the last one wins here). */
export function createConnectorDirectory(connectors: readonly Connector[]): ConnectorDirectory {
  const all = Object.freeze([...connectors]);
  const byId = new Map(all.map((connector) => [connector.id, connector]));
  const byDigest = new Map<string, { readonly digest: Buffer; readonly connector: Connector }>();
  for (const connector of all) {
    for (const key of keysOf(connector)) {
      const digest = digestOf(key);
      byDigest.set(digest.toString('base64'), { digest, connector });
    }
  }
  return {
    all: () => all,
    byId: (id) => byId.get(id),
    byKey(key) {
      // Comparing digests keeps the lookup's timing independent of how much of a key was guessed.
      const digest = digestOf(key);
      const found = byDigest.get(digest.toString('base64'));
      return found && timingSafeEqual(found.digest, digest) ? found.connector : undefined;
    },
  };
}

function keysOf(connector: Connector): readonly string[] {
  // Unread, the API key is empty; nobody may come in without one.
  return [connector.apiKey, ...connector.writeKeys].filter((key) => key !== '');
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
