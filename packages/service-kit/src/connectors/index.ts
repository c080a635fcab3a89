export {
  createConnectorDirectory,
  type Connector,
  type ConnectorDirectory,
  type DeliverySettings,
  type RateLimit,
} from './connectors.ts';
export { parseEmailDomain } from './email-domain.ts';
