/** What to enter in Segment, in the order in which its pages ask for it. */

export interface SegmentSetup {
  /** Base URL of ingest as the network knows it. */
  readonly ingestUrl: string;
  readonly connectorId: string;
  /** The key, or where it is. */
  readonly key: string;
}

/**
 * Astrolabe's own page (segment-docs `src/connections/destinations/catalog/astrolabe`): add the connector, copy the API
 * key, paste it into the destination's one setting, switch it on.
 */
export function describeSegmentSetup({ ingestUrl, connectorId, key }: SegmentSetup): string[] {
  return [
    'In Segment:',
    '  1. Connections > Catalog > Destinations > Astrolabe > Add destination; choose the source.',
    `  2. Settings > API Key: ${key}`,
    '  3. Turn on the toggle "Enable Destination".',
    'Endpoints for senders:',
    `  Segment's partner endpoint   POST ${ingestUrl}/segment     Basic "<key>:"`,
    `  SDKs and the Tracking API    host ${ingestUrl}             write key = the key`,
    `  Webhooks destination         POST ${ingestUrl}/webhook/${connectorId}`,
  ];
}
