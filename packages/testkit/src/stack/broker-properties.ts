/**
 * A broker's configuration as data: the JVM way writes it to `server.properties`, the container way turns it into
 * variables.
 */

export interface Listener {
  /** Name of the listener; every one is plain text. */
  readonly name: string;
  /** What the broker binds. */
  readonly host: string;
  readonly port: number;
  /** What it tells clients, where that differs. */
  readonly advertised?: { readonly host: string; readonly port: number };
}

export interface BrokerLayout {
  readonly nodeId: number;
  /** The listener for clients first. */
  readonly listeners: readonly [Listener, ...Listener[]];
  /** The listener that brokers, this one included, use among themselves. */
  readonly interBrokerListener: string;
  readonly controllerListener: Listener;
  /** Every controller of the cluster: node id and the address of its controller listener. */
  readonly voters: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly logDirectory: string;
}

/** Small, so that a start does not wait for the creation of the default 50 of each. */
const INTERNAL_TOPIC_PARTITIONS = 10;

/**
 * A combined broker and controller. Topics are created by declaration only, as in production; sizes are the broker's
 * defaults. A cluster of one keeps one copy of everything, a cluster of three or more keeps three.
 */
export function brokerProperties(layout: BrokerLayout): Readonly<Record<string, string>> {
  const { nodeId, listeners, interBrokerListener, controllerListener, voters, logDirectory } = layout;
  const all = [...listeners, controllerListener];
  const copies = String(Math.min(voters.length, 3));
  const minInSyncCopies = voters.length < 3 ? '1' : '2';
  return {
    'process.roles': 'broker,controller',
    'node.id': String(nodeId),
    'controller.quorum.voters': voters.map(({ nodeId: id, host, port }) => `${id}@${host}:${port}`).join(','),
    listeners: all.map(({ name, host, port }) => `${name}://${host}:${port}`).join(','),
    'advertised.listeners': listeners
      .map(({ name, host, port, advertised }) => `${name}://${advertised?.host ?? host}:${advertised?.port ?? port}`)
      .join(','),
    'listener.security.protocol.map': all.map(({ name }) => `${name}:PLAINTEXT`).join(','),
    'controller.listener.names': controllerListener.name,
    'inter.broker.listener.name': interBrokerListener,
    'log.dirs': logDirectory,
    'auto.create.topics.enable': 'false',
    'default.replication.factor': copies,
    'min.insync.replicas': minInSyncCopies,
    'offsets.topic.num.partitions': String(INTERNAL_TOPIC_PARTITIONS),
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.num.partitions': String(INTERNAL_TOPIC_PARTITIONS),
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': minInSyncCopies,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': minInSyncCopies,
    // A test's consumer group is complete as soon as its one member is there.
    'group.initial.rebalance.delay.ms': '0',
    // Taken whole at the start; the default of 128 MB is a quarter of the heap.
    'log.cleaner.dedupe.buffer.size': String(16 * 1024 * 1024),
  };
}

export function toPropertiesFile(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([key, value]) => `${key}=${value.replaceAll('\\', '\\\\')}\n`)
    .join('');
}

/** As the image `apache/kafka` reads them: `log.dirs` is `KAFKA_LOG_DIRS`. */
export function toKafkaImageVariables(properties: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [`KAFKA_${key.toUpperCase().replaceAll('.', '_')}`, value]),
  );
}
