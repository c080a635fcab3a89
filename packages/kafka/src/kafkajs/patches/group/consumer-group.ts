/** As much of kafkajs's insides as the patches of its consumer groups use. */

/** The answer to a request to join. */
export interface Joined {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly members: readonly object[];
  readonly groupProtocol: string;
}

interface Place {
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface Broker {
  readonly nodeId: number;
  readonly versions: object | null;
  readonly connectionPool: Place;
  isConnected(): boolean;
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  joinGroup(request: object): Promise<Joined>;
  heartbeat(request: object): Promise<unknown>;
}

interface Cluster {
  readonly brokerPool: {
    readonly rootLogger: object;
    readonly connectionPoolBuilder: { build(place: Place): Promise<object> };
    createBroker(options: object): Broker;
  };
  findGroupCoordinator(group: { groupId: string }): Promise<Broker>;
}

export interface ConsumerGroup {
  readonly cluster: Cluster;
  readonly groupId: string;
  readonly sessionTimeout: number;
  readonly rebalanceTimeout: number;
  readonly topicsSubscribed: readonly string[];
  readonly assigners: readonly { protocol(subscription: { readonly topics: readonly string[] }): object }[];
  /** Of the assignment that it has; it keeps the coordinator that was asked for it. */
  readonly offsetManager: object | null;
  coordinator: Broker | null;
  generationId: number | null;
  leaderId: string | null;
  memberId: string | null;
  members: readonly object[] | null;
  groupProtocol: string | null;
  lastRequest: number;
  instrumentationEmitter: { emit(eventName: string, payload: object): void };
  heartbeat(this: ConsumerGroup, options: { interval: number }): Promise<void>;
  fetch(this: ConsumerGroup, nodeId: unknown): Promise<readonly object[]>;
  commitOffsets(this: ConsumerGroup, offsets: unknown): Promise<void>;
  joinAndSync(this: ConsumerGroup): Promise<void>;
  leave(this: ConsumerGroup): Promise<void>;
}
