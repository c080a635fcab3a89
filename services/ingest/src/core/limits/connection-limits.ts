/** How many connections this process can afford. */

/** For brokers, the admin server, files and what Node itself has open. */
const RESERVED_DESCRIPTORS = 80;
const LEAST_CONNECTIONS = 16;

export interface ConnectionSettings {
  readonly maxConnections: number;
  /** Undefined: half of all, so that there is always room for another client. */
  readonly maxConnectionsPerClient: number | undefined;
  readonly trustedProxies: number;
}

/**
 * The limits in effect. There are never more connections than descriptors (`descriptorLimit`, undefined if unknown), or
 * the process could open nothing else. Behind a trusted proxy all connections come from its address, so there is no
 * limit for a client.
 */
export function connectionLimits(
  { maxConnections, maxConnectionsPerClient, trustedProxies }: ConnectionSettings,
  descriptorLimit: number | undefined,
): { readonly maxConnections: number; readonly maxConnectionsPerClient: number | undefined } {
  const affordable = Math.max(LEAST_CONNECTIONS, (descriptorLimit ?? Infinity) - RESERVED_DESCRIPTORS);
  const bound = Math.min(maxConnections, affordable);
  const ofOneClient = maxConnectionsPerClient ?? Math.ceil(bound / 2);
  return { maxConnections: bound, maxConnectionsPerClient: trustedProxies > 0 ? undefined : ofOneClient };
}
