/** The mapping rules of each connector, built once and again when the connectors change. */
import type { ConnectorSource } from '@astrolabe/service-kit';
import { mappingRulesOf, type MappingRules } from './core/mapping-rules.ts';

/**
 * Returns a function that looks up a connector's rules; an id that is not in the file gets those of
 * `rulesOfUnknownConnector`.
 */
export function createRulesByConnector(
  connectors: Pick<ConnectorSource, 'current' | 'onChange'>,
  freeDomains: ReadonlySet<string>,
): (connectorId: string) => MappingRules {
  const known = new Map<string, MappingRules>();
  connectors.onChange(() => {
    known.clear();
  });
  return (connectorId) => {
    const rules = known.get(connectorId);
    if (rules !== undefined) return rules;
    const connector = connectors.current().byId(connectorId);
    const made = mappingRulesOf(connector, freeDomains);
    // Ids come from record headers: unknown ones are unbounded.
    if (connector !== undefined) known.set(connectorId, made);
    return made;
  };
}
