import { brokerProperties, toKafkaImageVariables } from '../stack/broker-properties.ts';
import { registryStorage } from '../stack/registry-storage.ts';

const NODE_ID = 1;
const INTER_BROKER_PORT = 19_092;
const CONTROLLER_PORT = 19_093;
const INSIDE = 'localhost';

/**
 * Variables of the image `apache/kafka` for a cluster of one whose clients are outside.
 *
 * The broker also calls itself, to write the markers of a transaction, by the address of its inter-broker listener. The
 * address for clients cannot be reached from inside the container: with that one, every transaction would hang.
 */
export function brokerContainerVariables(options: {
  readonly clientPort: number;
  readonly advertised: { readonly host: string; readonly port: number };
  readonly logDirectory: string;
}): Record<string, string> {
  const { clientPort, advertised, logDirectory } = options;
  const properties = brokerProperties({
    nodeId: NODE_ID,
    listeners: [
      { name: 'CLIENT', host: '0.0.0.0', port: clientPort, advertised },
      { name: 'INTERNAL', host: INSIDE, port: INTER_BROKER_PORT },
    ],
    interBrokerListener: 'INTERNAL',
    controllerListener: { name: 'CONTROLLER', host: INSIDE, port: CONTROLLER_PORT },
    voters: [{ nodeId: NODE_ID, host: INSIDE, port: CONTROLLER_PORT }],
    logDirectory,
  });
  return { ...toKafkaImageVariables(properties), KAFKA_HEAP_OPTS: '-Xmx512m' };
}

/** Variables of the image `apicurio/apicurio-registry`: Quarkus reads `a.b-c` from `A_B_C`. */
export function registryContainerVariables(options: {
  readonly port: number;
  readonly dataDirectory: string | undefined;
}): Record<string, string> {
  const properties = { 'quarkus.http.port': String(options.port), ...registryStorage(options.dataDirectory) };
  const variables = Object.entries(properties).map(([key, value]) => [
    key.toUpperCase().replaceAll(/[.-]/g, '_'),
    value,
  ]);
  return { ...(Object.fromEntries(variables) as Record<string, string>), JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1' };
}
