/** What a connector's settings mean for mapping. */
import type { Connector } from '@astrolabe/service-kit/connectors';
import { createFreeEmailRules, type FreeEmailRules } from './free-email.ts';

export interface MappingRules extends FreeEmailRules {
  readonly isEnabled: boolean;
}

/**
 * Rules for a connector that is not in the file: events are mapped, and nothing is blocked. Ingest knew the connector,
 * so the mapper's file is older, or the connector was removed. The dispatcher, which needs its key, decides about the
 * commands.
 */
export const rulesOfUnknownConnector: MappingRules = {
  isEnabled: true,
  freeEmailProviders: 'allow',
  isFree: () => false,
};

/** Built once for each connector and change of the file, not for each event. */
export function mappingRulesOf(connector: Connector | undefined, freeDomains: ReadonlySet<string>): MappingRules {
  if (connector === undefined) return rulesOfUnknownConnector;
  const { freeEmailProviders, isFree } = createFreeEmailRules(connector, freeDomains);
  return { isEnabled: connector.enabled, freeEmailProviders, isFree };
}
