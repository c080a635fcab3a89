/** What a connector's settings mean for mapping. */
import type { Connector } from '@astrolabe/service-kit/connectors';
import { createFreeEmailRules, type FreeEmailRules } from './free-email.ts';

export interface MappingRules extends FreeEmailRules {
  readonly isEnabled: boolean;
}

/**
 * Events of a connector that is not in the file are mapped, with nothing blocked: ingest knew the connector when it took them, so the
 * mapper's file is the older one, or the connector has been removed. The dispatcher, which needs its key, decides about the commands.
 */
export const rulesOfUnknownConnector: MappingRules = {
  isEnabled: true,
  freeEmailProviders: 'allow',
  isFree: () => false,
};

/** Made once for each connector and change of the file, not for each event. */
export function mappingRulesOf(connector: Connector | undefined, freeDomains: ReadonlySet<string>): MappingRules {
  if (connector === undefined) return rulesOfUnknownConnector;
  const { freeEmailProviders, isFree } = createFreeEmailRules(connector, freeDomains);
  return { isEnabled: connector.enabled, freeEmailProviders, isFree };
}
