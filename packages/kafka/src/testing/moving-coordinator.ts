/**
 * A member of a group in memory: the runner and the consumer group of kafkajs, with coordinators that answer as a test
 * says.
 */
import { GroupMembership, setMembership } from '../membership/group-membership.ts';
import type { loadPatched } from './original-kafkajs.ts';

type Load = typeof loadPatched;
export type GroupApi = 'find' | 'join' | 'sync' | 'heartbeat' | 'offsetFetch' | 'offsetCommit';
type Api = GroupApi | 'fetch';
/** A number of the protocol; or what becomes of the request. */
export type GroupAnswer = number | 'connection broken' | 'never';

interface Group {
  commitOffsets(offsets: object): Promise<void>;
}
interface Runner {
  start(): Promise<void>;
  stop(): Promise<void>;
}

const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent, namespace: (): object => logger };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const NOT_COORDINATOR = 16;
const ILLEGAL_GENERATION = 22;

/** Two brokers, one of which is the coordinator of the group: `a` at first. */
class Coordinators {
  readonly asked: string[] = [];
  readonly answers: { readonly api: Api; readonly answer: GroupAnswer }[] = [];
  readonly committedAt: string[] = [];
  coordinatorId = 'a';
  answeredFetches = 0;
  readonly #errorOf: (code: number) => Error;
  readonly #ConnectionError: new (message: string) => Error;
  readonly #assignment: Buffer;
  #generationId = 0;

  constructor(load: Load) {
    const { createErrorFromCode } = load<{ createErrorFromCode(code: number): Error }>('protocol/error');
    const { KafkaJSConnectionError } = load<{ KafkaJSConnectionError: new (message: string) => Error }>('errors');
    const { MemberAssignment } = load<{ MemberAssignment: { encode(assignment: object): Buffer } }>(
      'consumer/assignerProtocol',
    );
    this.#errorOf = createErrorFromCode;
    this.#ConnectionError = KafkaJSConnectionError;
    this.#assignment = MemberAssignment.encode({ version: 0, assignment: { t: [0] } });
  }

  async answer(api: GroupApi, brokerId: string): Promise<void> {
    await turn();
    this.asked.push(`${api} ${brokerId}`);
    if (api !== 'find' && brokerId !== this.coordinatorId) throw this.#errorOf(NOT_COORDINATOR);
    return this.#asScripted(api);
  }

  async #asScripted(api: Api): Promise<void> {
    const index = this.answers.findIndex((each) => each.api === api);
    const [scripted] = index < 0 ? [] : this.answers.splice(index, 1);
    if (scripted?.answer === 'never') return new Promise(() => undefined);
    if (scripted?.answer === 'connection broken') throw new this.#ConnectionError('Connection error');
    if (scripted !== undefined) throw this.#errorOf(scripted.answer);
  }

  brokerOf(brokerId: string) {
    return {
      nodeId: brokerId,
      versions: {},
      connectionPool: { host: brokerId, port: 1, rack: null },
      isConnected: () => true,
      connect: async () => undefined,
      disconnect: async () => undefined,
      fetch: async () => {
        await turn();
        await this.#asScripted('fetch');
        this.answeredFetches += 1;
        return { responses: [] };
      },
      joinGroup: async ({ memberId }: { memberId: string }) => {
        await this.answer('join', brokerId);
        const generationId = (this.#generationId += 1);
        const joined = { generationId, memberId: memberId || `member-${generationId}` };
        return { ...joined, leaderId: 'x', members: [], groupProtocol: '' };
      },
      syncGroup: async () => {
        await this.answer('sync', brokerId);
        return { memberAssignment: this.#assignment };
      },
      heartbeat: () => this.answer('heartbeat', brokerId),
      offsetFetch: async () => {
        await this.answer('offsetFetch', brokerId);
        return { responses: [{ topic: 't', partitions: [{ partition: 0, offset: '0' }] }] };
      },
      offsetCommit: async ({ groupGenerationId }: { groupGenerationId: number }) => {
        await this.answer('offsetCommit', brokerId);
        if (groupGenerationId !== this.#generationId) throw this.#errorOf(ILLEGAL_GENERATION);
        this.committedAt.push(brokerId);
      },
      leaveGroup: async () => void this.asked.push(`leave ${brokerId}`),
    };
  }
}

function createCluster(coordinators: Coordinators): object {
  const brokers = new Map(['a', 'b'].map((id) => [id, coordinators.brokerOf(id)]));
  const offsets = {};
  return {
    brokerPool: {
      rootLogger: logger,
      connectionPoolBuilder: { build: async () => ({}) },
      createBroker: ({ nodeId }: { nodeId: string }) => brokers.get(nodeId),
    },
    connect: async () => undefined,
    getNodeIds: () => ['a'],
    refreshMetadata: async () => undefined,
    refreshMetadataIfNecessary: async () => undefined,
    removeBroker: silent,
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 'a' }],
    findBroker: async ({ nodeId }: { nodeId: string }) => brokers.get(nodeId),
    committedOffsets: () => offsets,
    findGroupCoordinator: async () => {
      await coordinators.answer('find', coordinators.coordinatorId);
      return brokers.get(coordinators.coordinatorId);
    },
  };
}

function createRunner(load: Load, cluster: object, onEvent: (event: string) => void, onCrash: (error: Error) => void) {
  const shared = {
    retry: { initialRetryTime: 1, maxRetryTime: 2, retries: 8 },
    logger,
    instrumentationEmitter: { emit: onEvent },
    autoCommit: false,
  };
  const consumerGroup = new (load<new (options: object) => Group>('consumer/consumerGroup'))({
    ...shared,
    cluster,
    groupId: 'g',
    topics: ['t'],
    topicConfigurations: { t: {} },
    sessionTimeout: 10_000,
    rebalanceTimeout: 60_000,
    assigners: [{ name: '', protocol: () => ({}) }],
    maxWaitTimeInMs: 1,
  });
  const runner = new (load<new (options: object) => Runner>('consumer/runner'))({
    ...shared,
    consumerGroup,
    heartbeatInterval: -1,
    concurrency: 1,
    eachBatch: silent,
    onCrash,
  });
  return { consumerGroup, runner };
}

/** Neither joined nor started yet. */
export function createMovingMember(load: Load) {
  const coordinators = new Coordinators(load);
  const cluster = createCluster(coordinators);
  const givenUp: unknown[] = [];
  const membership = new GroupMembership({ onGivenUp: (reason) => givenUp.push(reason) });
  setMembership(cluster, membership);
  const told: string[] = [];
  const crashes: Error[] = [];
  const { consumerGroup, runner } = createRunner(
    load,
    cluster,
    (event) => told.push(event),
    (error) => crashes.push(error),
  );
  return {
    asked: coordinators.asked,
    told,
    crashes,
    givenUp,
    membership,
    until: async (holds: () => boolean): Promise<void> => {
      while (!holds()) await turn();
    },
    joins: () => told.filter((event) => event === 'consumer.group_join').length,
    start: () => runner.start(),
    stop: () => runner.stop(),
    answeredFetches: () => coordinators.answeredFetches,
    /** How the next requests of an API are answered. */
    answerNext: (api: Api, ...answers: GroupAnswer[]) => {
      coordinators.answers.push(...answers.map((answer) => ({ api, answer })));
    },
    /** Whether what `answerNext` said has been answered. */
    haveAllBeenAsked: () => coordinators.answers.length === 0,
    move: (to: string) => void (coordinators.coordinatorId = to),
    /** Where it was stored. */
    commit: async (): Promise<string | undefined> => {
      await consumerGroup.commitOffsets({ topics: [{ topic: 't', partitions: [{ partition: 0, offset: '1' }] }] });
      return coordinators.committedAt.at(-1);
    },
  };
}
