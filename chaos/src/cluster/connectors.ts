/** The connectors file of a run. */
import type { TrafficConnector } from '../traffic/traffic-connector.ts';

/** What an edit of the file changes; none of it changes what events come to. */
export interface DeliveryEdit {
  readonly bulk?: boolean;
  readonly maxConcurrentCalls?: number;
}

export function connectorsFileText(connectors: readonly TrafficConnector[], delivery: DeliveryEdit = {}): string {
  const entries = connectors.map(({ id, apiKey, writeKey, freeEmailProviders }) => ({
    id,
    name: `Customer ${id}`,
    apiKey,
    writeKeys: [writeKey],
    freeEmailProviders,
    ...(Object.keys(delivery).length === 0 ? {} : { delivery }),
  }));
  return JSON.stringify({ connectors: entries }, null, 2);
}
