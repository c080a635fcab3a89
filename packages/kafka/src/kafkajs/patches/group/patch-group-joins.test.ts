import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadOriginal, loadPatched } from '../../../testing/original-kafkajs.ts';

type Load = typeof loadPatched;
type Class = { prototype: Record<string | symbol, (...args: unknown[]) => unknown> } & (new (options: object) => never);

interface Joined {
  readonly generationId: number;
  readonly memberId: string;
}
interface Group {
  readonly memberId: string;
  readonly generationId: number;
  heartbeat(options: { interval: number }): Promise<void>;
  fetch(nodeId: string): Promise<unknown>;
  joinAndSync(): Promise<void>;
}

const noCluster = {
  committedOffsets: () => ({}),
  findTopicPartitionMetadata: () => [],
  // A fetch that no broker answers.
  refreshMetadataIfNecessary: () => new Promise(() => undefined),
};
const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent, namespace: (): object => logger };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const options = {
  retry: { initialRetryTime: 1, retries: 2 },
  groupId: 'g',
  topics: [],
  topicConfigurations: {},
  logger,
  assigners: [],
};

/** A member whose group, coordinator and broker do what the test says. */
function createMember(load: Load) {
  const { createErrorFromCode } = load<{ createErrorFromCode(code: number): Error }>('protocol/error');
  const requests: string[] = [];
  const early: PromiseWithResolvers<Joined>[] = [];
  let [isRebalancing, generationId] = [false, 0];
  const answer = (memberId = 'me') => ({
    generationId: (generationId += 1),
    memberId,
    leaderId: 'other',
    members: [],
    groupProtocol: '',
  });
  const coordinator = {
    nodeId: 1,
    versions: {},
    connectionPool: { host: 'h', port: 1, rack: null },
    isConnected: () => true,
    joinGroup: async ({ memberId }: { memberId: string }) => {
      requests.push(`join as ${memberId || 'new'}`);
      return answer();
    },
    syncGroup: async () => {
      requests.push('sync');
      isRebalancing = false;
      return { memberAssignment: Buffer.alloc(0) };
    },
    heartbeat: async () => {
      requests.push('heartbeat');
      if (isRebalancing) throw createErrorFromCode(27);
    },
  };
  const beside = {
    connect: async () => undefined,
    disconnect: async () => void requests.push('close'),
    joinGroup: ({ memberId }: { memberId: string }) => {
      requests.push(`join beside as ${memberId}`);
      const waiting = Promise.withResolvers<Joined>();
      early.push(waiting);
      return waiting.promise;
    },
  };
  const cluster = {
    brokerPool: {
      rootLogger: logger,
      connectionPoolBuilder: { build: async () => ({}) },
      createBroker: () => beside,
    },
    findGroupCoordinator: async () => coordinator,
    ...noCluster,
  };
  const ConsumerGroup = load<new (options: object) => Group>('consumer/consumerGroup');
  const told: string[] = [];
  const instrumentationEmitter = { emit: (event: string) => void told.push(event) };
  const group = new ConsumerGroup({ ...options, cluster, instrumentationEmitter });
  return {
    group,
    requests,
    told,
    early,
    answer,
    rebalance: () => void (isRebalancing = true),
    beat: () => group.heartbeat({ interval: -1 }),
  };
}

const REBALANCING = { type: 'REBALANCE_IN_PROGRESS' };

test('a member works on while its group rebalances, until the others have joined; the original stops at the first word of it', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { group, requests, told, early, answer, rebalance, beat } = createMember(loadPatched);
  await group.joinAndSync();
  const fetching = group.fetch('1');
  fetching.catch(silent);
  rebalance();
  await beat();
  await turn();
  // The request that waits is the sign of life.
  await beat();
  await beat();
  assert.deepEqual(requests, ['join as new', 'sync', 'heartbeat', 'join beside as me']);
  assert.deepEqual(told, ['consumer.group_join', 'consumer.rebalancing']);
  early[0]?.resolve(answer());
  // The fetch is not waited for: the others wait for this member now.
  await assert.rejects(fetching, REBALANCING);
  await assert.rejects(beat(), REBALANCING);
  await assert.rejects(group.fetch('1'), REBALANCING);
  await group.joinAndSync();
  assert.deepEqual(requests.slice(4), ['close', 'sync']);
  assert.equal(group.generationId, 2);
  await beat();
  assert.equal(requests.at(-1), 'heartbeat');

  const original = createMember(loadOriginal);
  await original.group.joinAndSync();
  original.rebalance();
  await assert.rejects(original.beat(), REBALANCING);
});

test('a request to join that fails, or was that of another member, is sent again', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  for (const end of ['fails', 'is of another'] as const) {
    const { group, requests, early, answer, rebalance, beat } = createMember(loadPatched);
    await group.joinAndSync();
    rebalance();
    await beat();
    await turn();
    if (end === 'fails') early[0]?.reject(new Error('the connection broke'));
    else early[0]?.resolve(answer('another'));
    await turn();
    await assert.rejects(beat(), REBALANCING);
    const joined = group.joinAndSync();
    while (early.length < 2) await turn();
    early[1]?.resolve(answer());
    await joined;
    assert.deepEqual(requests.slice(-3), ['join beside as me', 'close', 'sync'], end);
  }
});

test('two fetches that find that they have to join do so once; the original joins twice', async () => {
  const joinTwice = async (load: Load): Promise<number> => {
    const { group, requests } = createMember(load);
    await Promise.all([group.joinAndSync(), group.joinAndSync()]);
    return requests.filter((request) => request === 'sync').length;
  };
  assert.equal(await joinTwice(loadPatched), 1);
  assert.equal(await joinTwice(loadOriginal), 2);
});

test('who hears that the group was joined hears the generation; the original does not tell it', async () => {
  const join = async (load: typeof loadPatched): Promise<(number | undefined)[]> => {
    const { prototype } = load<Class>('consumer/consumerGroup');
    const createRetry = load<(options: object) => unknown>('retry');
    const told: (number | undefined)[] = [];
    const group = Object.create(prototype) as Record<string | symbol, unknown>;
    Object.assign(group, {
      retrier: createRetry({}),
      logger,
      generationId: 0,
      subscriptionState: { assigned: () => [] },
      instrumentationEmitter: {
        emit: (_name: string, { generationId }: { generationId?: number }) => void told.push(generationId),
      },
    });
    for (const symbol of Object.getOwnPropertySymbols(prototype)) {
      group[symbol] = async () => {
        if (symbol.description?.endsWith('join')) group['generationId'] = Number(group['generationId']) + 1;
      };
    }
    const { joinAndSync } = group as unknown as { joinAndSync(): Promise<void> };
    await joinAndSync.call(group);
    await joinAndSync.call(group);
    return told;
  };
  assert.deepEqual(await join(loadPatched), [1, 2]);
  assert.deepEqual(await join(loadOriginal), [undefined, undefined]);
});
