/** The mapping rules of each connector, made once and again when the connectors change. */
import type { ConnectorSource } from '@astrolabe/service-kit';
import { mappingRulesOf, type MappingRules } from './core/mapping-rules.ts';

/** Returns what looks a connector's rules up; an id that is in no file gets those of `rulesOfUnknownConnector`. */
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
    // Ids come from record headers: those that no file has are without number.
    if (connector !== undefined) known.set(connectorId, made);
    return made;
  };
}
