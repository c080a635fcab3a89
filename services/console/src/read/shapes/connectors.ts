import { z } from 'zod';
import { deadLetterGroupsShape } from './dead-letters.ts';
import { count, panelOf } from './values.ts';

const keyShape = z.discriminatedUnion('kind', [
  /** First eight hexadecimal digits of its SHA-256. */
  z.object({ kind: z.literal('known'), fingerprint: z.string() }),
  z.object({ kind: z.literal('unknown'), reason: z.string() }),
]);

export const connectorSettingsShape = z.object({
  id: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  freeEmailProviders: z.enum(['allow', 'block']),
  allowedEmailDomains: z.array(z.string()).optional(),
  deniedEmailDomains: z.array(z.string()).optional(),
  apiKey: keyShape,
  writeKeys: z.array(keyShape),
  hasWebhookSecret: z.boolean(),
  /** Absent: the service's own setting holds. */
  limits: z.object({
    eventsPerSecond: count.optional(),
    burst: count.optional(),
    callsPerSecond: count.optional(),
    maxConcurrentCalls: count.optional(),
    bulk: z.boolean().optional(),
  }),
});
export type ConnectorSettings = z.infer<typeof connectorSettingsShape>;

/** As the dispatchers tell it, over all watched instances. */
export const connectorDeliveryShape = z.object({
  connector: z.string(),
  circuit: z.enum(['closed', 'probing', 'open']),
  /** Its key is refused. */
  isHalted: z.boolean(),
  callsInFlight: count,
  callsLimit: count,
  /** Commands that wait for their call. */
  waiting: count,
  /** Where it lags and has a cursor of its own. */
  lag: z.object({ records: count, seconds: z.number().optional() }).optional(),
});
export type ConnectorDelivery = z.infer<typeof connectorDeliveryShape>;

/** Of the last minutes. */
export const connectorRatesShape = z.object({
  connector: z.string(),
  receivedPerSecond: z.number(),
  rejectedPerSecond: z.number(),
  deliveredPerSecond: z.number(),
  duplicatePerSecond: z.number(),
  deadPerSecond: z.number(),
  retriesPerSecond: z.number(),
});
export type ConnectorRates = z.infer<typeof connectorRatesShape>;

export const connectorsShape = z.object({
  settings: panelOf(z.object({ connectors: z.array(connectorSettingsShape) })),
  delivery: panelOf(z.object({ connectors: z.array(connectorDeliveryShape) })),
  rates: panelOf(z.object({ overSeconds: z.number(), connectors: z.array(connectorRatesShape) })),
  deadLetters: panelOf(
    z.object({
      isComplete: z.boolean(),
      connectors: z.array(z.object({ connector: z.string(), waiting: count })),
    }),
  ),
});
export type ConnectorsAnswer = z.infer<typeof connectorsShape>;

export const connectorShape = z.object({
  id: z.string(),
  settings: panelOf(connectorSettingsShape),
  delivery: panelOf(connectorDeliveryShape),
  rates: panelOf(z.object({ overSeconds: z.number(), rates: connectorRatesShape })),
  /** What the services have not read yet, by service; estimated from the first records. */
  unread: panelOf(z.object({ services: z.array(z.object({ service: z.string(), records: count })) })),
  deadLetters: deadLetterGroupsShape,
});
export type ConnectorAnswer = z.infer<typeof connectorShape>;
