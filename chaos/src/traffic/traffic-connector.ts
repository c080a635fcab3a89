/** What traffic and oracle have to know of a connector. The harness writes the connectors file from the same values. */
export interface TrafficConnector {
  readonly id: string;
  /** Takes everything, deletions among it. */
  readonly apiKey: string;
  /** Takes what a web page may send. */
  readonly writeKey: string;
  readonly freeEmailProviders: 'allow' | 'block';
}

/** Three customers, of which one turns users with free email addresses away. */
export const trafficConnectors: readonly TrafficConnector[] = [
  { id: 'acme', apiKey: 'chaosapikeyacme', writeKey: 'chaoswritekeyacme', freeEmailProviders: 'allow' },
  { id: 'globex', apiKey: 'chaosapikeyglobex', writeKey: 'chaoswritekeyglobex', freeEmailProviders: 'block' },
  { id: 'initech', apiKey: 'chaosapikeyinitech', writeKey: 'chaoswritekeyinitech', freeEmailProviders: 'allow' },
];
