/** Why a connector's commands wait, as the dispatchers tell it. Pure. */
import type { ConnectorDelivery } from '../../shapes/connectors.ts';

/** What happened and what to do; undefined where nothing is wrong with the connector. */
export function connectorTrouble({ connector, isHalted, circuit }: ConnectorDelivery): string | undefined {
  if (isHalted) {
    return `Astrolabe refuses the key of connector ${connector}, so its commands wait and nothing is lost; give it a new key`;
  }
  switch (circuit) {
    case 'open':
      return `calls for connector ${connector} fail, so none is made for a while; its page shows how they fail`;
    case 'probing':
      return `calls for connector ${connector} have failed; one is being made to see whether they work again`;
    case 'closed':
      return undefined;
  }
}
