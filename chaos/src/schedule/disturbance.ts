/** What a chaos run does to the pipeline, as data: drawn from a seed, applied, shrunk and printed. */

export const services = ['ingest', 'mapper', 'dispatcher'] as const;
export type DisturbedService = (typeof services)[number];

export const serviceInstances = [
  'ingest-1',
  'ingest-2',
  'mapper-1',
  'mapper-2',
  'dispatcher-1',
  'dispatcher-2',
] as const;
export type InstanceName = (typeof serviceInstances)[number];

export const brokerNames = ['broker-1', 'broker-2', 'broker-3'] as const;
export type BrokerName = (typeof brokerNames)[number];

/**
 * Every connection that leads through a fault proxy, by who makes it and whom it reaches. `clients` are all services at
 * once: those of `ingest>broker-1`, `mapper>broker-1` and `dispatcher>broker-1` are what `clients>broker-1` is made of.
 */
export const links = [
  'senders>ingest-1',
  'senders>ingest-2',
  'ingest>broker-1',
  'ingest>broker-2',
  'ingest>broker-3',
  'mapper>broker-1',
  'mapper>broker-2',
  'mapper>broker-3',
  'dispatcher>broker-1',
  'dispatcher>broker-2',
  'dispatcher>broker-3',
  'clients>broker-1',
  'clients>broker-2',
  'clients>broker-3',
  'brokers>broker-1',
  'brokers>broker-2',
  'brokers>broker-3',
  'services>registry',
  'dispatcher-1>api',
  'dispatcher-2>api',
] as const;
export type Link = (typeof links)[number];

export type ApiFaultName = 'status-500' | 'status-503' | 'status-429' | 'delay' | 'hang' | 'cut' | 'lose-answer';

/** Which of its two revisions an upgrade run starts an instance in. Without an upgrade, every instance is new. */
export type Side = 'old' | 'new';

/** What an operator has a replay do: of everything on the topic, or of the last half minute. */
export interface ReplayAction {
  readonly kind: 'replay';
  readonly source: 'events' | 'commands';
  readonly isForced: boolean;
  /** Null: of all of them. */
  readonly connector: number | null;
  readonly range: 'all' | 'recent';
  /** Until it is healed, so that what else happens meets it. Null: as fast as it can. */
  readonly recordsPerSecond: number | null;
  /**
   * After a third of its time. A pause lasts for another third. `kill-mappers` waits, however long that takes, until
   * commands were made: then all mappers are killed.
   */
  readonly midway: 'nothing' | 'pause' | 'cancel' | 'kill-mappers';
}

export type DisturbanceAction =
  /** SIGKILL. A service is started again at once, a broker after `forMs`. */
  | { readonly kind: 'kill'; readonly target: InstanceName | BrokerName }
  /** SIGSTOP, and SIGCONT after `forMs`. */
  | { readonly kind: 'freeze'; readonly target: InstanceName | BrokerName }
  /** One after the other, in good order, each ready before the next. */
  | { readonly kind: 'rolling-restart'; readonly of: DisturbedService | 'brokers' }
  /** In good order, and started again at once. */
  | { readonly kind: 'restart'; readonly target: InstanceName }
  /** In good order, and started again at once in another revision, when the one before of its service serves. */
  | { readonly kind: 'replace'; readonly target: InstanceName; readonly by: Side }
  | { readonly kind: 'cut'; readonly link: Link }
  | { readonly kind: 'blackhole'; readonly link: Link }
  | { readonly kind: 'delay'; readonly link: Link; readonly delayMs: number }
  /** Befalls `rate` of the calls, of one connector or of all. */
  | {
      readonly kind: 'api-fault';
      readonly fault: ApiFaultName;
      readonly rate: number;
      readonly connector: number | null;
    }
  /**
   * The API refuses the next so many calls, however long they take to come, `forMs` at most: with 401 the key, with 400
   * the command, which is given up, so that the oracle has to know of it.
   */
  | { readonly kind: 'calls-refused'; readonly status: 400 | 401; readonly calls: number }
  | { readonly kind: 'registry-away' }
  /** The API answers 401 to a connector's key. */
  | { readonly kind: 'key-revoked'; readonly connector: number }
  /** `broken` is half a file; the others are valid. The file is as before after `forMs`. */
  | { readonly kind: 'connectors-edited'; readonly edit: 'broken' | 'bulk' | 'concurrency' }
  /** To both dead-letter topics: those that promise no order. */
  | { readonly kind: 'partitions-added' }
  /** No byte is left where a dispatcher keeps its copy of the ledger. */
  | { readonly kind: 'disk-full'; readonly target: 'dispatcher-1' | 'dispatcher-2' }
  /** Two of three brokers are frozen: more than replication bears. Ingest must answer 503. */
  | { readonly kind: 'quorum-lost' }
  /** Breaks nothing: what is broken meanwhile must not show in it. Healed, its rate is lifted. */
  | ReplayAction;

export type Disturbance = DisturbanceAction & {
  /** Since the first event was sent. */
  readonly atMs: number;
  /** Until it is healed; for those that pass at once, how long nothing else of their kind begins. */
  readonly forMs: number;
};

/** One line, as the report prints it. */
export function describeDisturbance({ atMs, forMs, kind, ...rest }: Disturbance): string {
  const details = Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`);
  return [`${(atMs / 1_000).toFixed(1)} s`, kind, ...details, `for ${(forMs / 1_000).toFixed(1)} s`].join(' ');
}

/**
 * Whether it takes a broker from the cluster, or from all who use it. Replication bears one at a time.
 *
 * One service that cannot reach one broker does not: the broker stays in sync, leads its partitions and serves the
 * others, so nothing is moved, and the service alone waits. It may meet the loss of another broker, which is the case
 * that is worth trying.
 */
export function weakensCluster(action: DisturbanceAction): boolean {
  switch (action.kind) {
    case 'kill':
    case 'freeze':
      return action.target.startsWith('broker');
    case 'cut':
    case 'blackhole':
      return action.link.startsWith('clients>broker') || action.link.startsWith('brokers>broker');
    case 'rolling-restart':
      return action.of === 'brokers';
    case 'quorum-lost':
      return true;
    default:
      return false;
  }
}
