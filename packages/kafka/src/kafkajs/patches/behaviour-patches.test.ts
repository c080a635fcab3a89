import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mock, test } from 'node:test';
import { loadOriginal, loadPatched } from '../../testing/original-kafkajs.ts';
import { OFFSET_OUT_OF_RANGE } from './behaviour-patches.ts';

const require = createRequire(import.meta.url);

type Class = { prototype: Record<string | symbol, (...args: unknown[]) => unknown> } & (new (options: object) => never);

const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent, namespace: (): object => logger };

test('the version is the one that the patches were made for', () => {
  assert.equal((require('kafkajs/package.json') as { version: string }).version, '2.2.4');
});

// --- the idle timer

interface Queue {
  push(request: object): void;
  checkPendingRequests(): void;
  maybeThrottle(ms: number): void;
  fulfillRequest(response: object): void;
}

/** Timers that a queue sets, none of which fires by itself. */
function recordTimers(run: (fire: () => void) => void): number[] {
  const delays: number[] = [];
  let callback: (() => void) | undefined;
  const timeout = mock.method(globalThis, 'setTimeout', (each: () => void, ms: number) => {
    delays.push(ms);
    callback = each;
    return 1;
  });
  try {
    run(() => callback?.());
  } finally {
    timeout.mock.restore();
  }
  return delays;
}

function createQueue(load: typeof loadPatched): Queue {
  const RequestQueue = load<new (options: object) => Queue>('network/requestQueue');
  return new RequestQueue({ maxInFlightRequests: 1, requestTimeout: 1_000, clientId: 'c', broker: 'b', logger });
}

function request(correlationId: number, sent: number[]) {
  return {
    entry: { correlationId, apiName: 'Test', apiKey: 0, resolve: () => undefined, reject: () => undefined },
    expectResponse: true,
    sendRequest: () => void sent.push(correlationId),
  };
}

test('a request queue with nothing to send sets no timer; the original keeps setting one, with a negative delay', () => {
  const patched = createQueue(loadPatched);
  assert.deepEqual(
    recordTimers(() => patched.checkPendingRequests()),
    [],
  );
  const original = createQueue(loadOriginal);
  const delays = recordTimers((fire) => {
    original.checkPendingRequests();
    fire();
    fire();
  });
  assert.equal(delays.length, 3);
  assert.ok(delays.every((ms) => ms < 0));
});

test('a request that must wait is sent as soon as the one before it is answered, or when the broker throttles no more', () => {
  const sent: number[] = [];
  const busy = createQueue(loadPatched);
  const delays = recordTimers(() => {
    busy.push(request(1, sent));
    busy.push(request(2, sent));
  });
  assert.deepEqual([sent, delays], [[1], [10]]);
  busy.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
  assert.deepEqual(sent, [1, 2]);

  const now = mock.method(performance, 'now', () => 1_000);
  const throttled = createQueue(loadPatched);
  const waits = recordTimers((fire) => {
    throttled.maybeThrottle(50);
    throttled.push(request(3, sent));
    now.mock.mockImplementation(() => 1_050);
    fire();
  });
  now.mock.restore();
  assert.deepEqual([sent, waits], [[1, 2, 3], [50]]);
});

// --- grouping

type Group = (input: object) => Record<number, object[]>;

/** How many messages are copied from one array of a group into the next. */
function messagesCopied(group: Group, count: number): number {
  let copied = 0;
  const { assign } = Object;
  const spied = mock.method(Object, 'assign', (target: object, source: Record<number, object[]>) => {
    copied += source[0]?.length ?? 0;
    return assign(target, source);
  });
  try {
    const messages = Array.from({ length: count }, (_, index) => ({ index }));
    group({ topic: 't', partitionMetadata: [{}], messages, partitioner: () => 0 });
  } finally {
    spied.mock.restore();
  }
  return copied;
}

test('messages for one partition are grouped in linear time; the original copies the array for each', () => {
  const path = 'producer/groupMessagesPerPartition';
  assert.equal(messagesCopied(loadPatched(path), 200), 0);
  assert.equal(messagesCopied(loadOriginal(path), 200), (200 * 201) / 2);
});

test('messages are grouped as the original does, in order', () => {
  const messages = Array.from({ length: 50 }, (_, index) => ({ index }));
  const partitioner = ({ message }: { message: { index: number } }) => (message.index * 7) % 3;
  for (const partitionMetadata of [[], [{}, {}, {}]]) {
    const input = { topic: 't', partitionMetadata, messages, partitioner };
    const [patched, original] = [loadPatched, loadOriginal].map((load) =>
      load<Group>('producer/groupMessagesPerPartition')(input),
    );
    assert.deepEqual(patched, original);
  }
});

test('the producer uses the patched grouping', async (t) => {
  const copies = mock.method(Object, 'assign');
  t.after(() => copies.mock.restore());
  const create = loadPatched<(options: object) => (request: object) => Promise<unknown>>('producer/sendMessages');
  const grouped = Promise.withResolvers<number>();
  const broker = {
    nodeId: 1,
    produce: ({ topicData }: { topicData: { partitions: { messages: object[] }[] }[] }) => {
      grouped.resolve(topicData[0]?.partitions[0]?.messages.length ?? 0);
      return { topics: [] };
    },
  };
  const send = create({
    logger,
    partitioner: () => 0,
    cluster: {
      addMultipleTargetTopics: () => undefined,
      refreshMetadataIfNecessary: () => undefined,
      findTopicPartitionMetadata: () => [{}],
      findLeaderForPartitions: () => ({ 1: [0] }),
      findBroker: () => broker,
    },
    eosManager: {
      acquireBrokerLock: () => undefined,
      releaseBrokerLock: () => undefined,
      isTransactional: () => false,
      getSequence: () => 0,
      updateSequence: () => undefined,
      getProducerId: () => 0,
      getProducerEpoch: () => 0,
    },
    retrier: (attempt: (bail: (error: Error) => void) => unknown) =>
      attempt((error) => {
        throw error;
      }),
  });
  const messages = Array.from({ length: 200 }, (_, index) => ({ value: String(index) }));
  const before = copies.mock.callCount();
  await send({ acks: -1, topicMessages: [{ topic: 't', messages }] });
  assert.equal(await grouped.promise, messages.length);
  assert.ok(copies.mock.callCount() - before < 100, 'the original copies what it has once for each message');
});

// --- offsets that are gone

test('a committed offset that is gone stops the consumer; the original goes on from the default offset without a word', async () => {
  const reset: unknown[] = [];
  const group = {
    preferredReadReplicasPerTopicPartition: {},
    logger,
    offsetManager: { setDefaultOffset: async (where: unknown) => void reset.push(where) },
  };
  const recover = (load: typeof loadPatched) =>
    load<Class>('consumer/consumerGroup').prototype['recoverFromOffsetOutOfRange']?.call(group, {
      topic: 't',
      partition: 3,
    });
  await assert.rejects(recover(loadPatched) as Promise<void>, {
    name: OFFSET_OUT_OF_RANGE,
    retriable: false,
    message: 'committed offset of t[3] is out of range',
  });
  assert.deepEqual(reset, []);
  await recover(loadOriginal);
  assert.deepEqual(reset, [{ topic: 't', partition: 3 }]);
});

// --- commits

test('a refused commit is not repeated in the next generation; the original repeats it for as long as it takes', async () => {
  const commit = async (load: typeof loadPatched): Promise<number[]> => {
    const Runner =
      load<new (options: object) => { running: boolean; commitOffsets(offsets: object): Promise<void> }>(
        'consumer/runner',
      );
    const generations: number[] = [];
    const group = {
      generationId: 1,
      commitOffsets: async () => {
        generations.push(group.generationId);
        if (group.generationId > 1) return;
        group.generationId += 1;
        throw Object.assign(new Error('rebalance in progress'), { type: 'REBALANCE_IN_PROGRESS' });
      },
    };
    const retry = { initialRetryTime: 1, retries: 5 };
    const runner = new Runner({ logger, consumerGroup: group, concurrency: 1, retry, instrumentationEmitter: {} });
    runner.running = true;
    await runner.commitOffsets({}).catch(() => undefined);
    return generations;
  };
  assert.deepEqual(await commit(loadPatched), [1]);
  assert.deepEqual(await commit(loadOriginal), [1, 2]);
});

test('a commit of a consumer that does not run is refused; the original takes it and does nothing', async () => {
  const commit = (load: typeof loadPatched) =>
    load<Class>('consumer/runner').prototype['commitOffsets']?.call(
      { running: false, logger, consumerGroup: {} },
      {},
    ) as Promise<void> | undefined;
  await assert.rejects(commit(loadPatched) ?? Promise.resolve(), /not running/);
  await commit(loadOriginal);
});

// --- sockets that nobody keeps

function createPool(load: typeof loadPatched) {
  const ConnectionPool =
    load<new (options: object) => { pool: object[]; getConnection(index: number): Promise<object> }>(
      'network/connectionPool',
    );
  const pool = new ConnectionPool({ host: 'localhost', port: 1, clientId: 'c', logger });
  let connected = false;
  let attempts = 0;
  const answered = Promise.withResolvers<void>();
  pool.pool[1] = {
    isConnected: () => connected,
    connect: async () => {
      attempts += 1;
      await answered.promise;
      connected = true;
    },
  };
  return { pool, attempts: () => attempts, answer: answered.resolve, fail: answered.reject };
}

test('requests that find a connection closed open one socket between them; the original opens one each, and loses all but the last', async () => {
  const patched = createPool(loadPatched);
  const both = Promise.all([patched.pool.getConnection(1), patched.pool.getConnection(1)]);
  patched.answer();
  assert.deepEqual(await both, [patched.pool.pool[1], patched.pool.pool[1]]);
  await patched.pool.getConnection(1);
  assert.equal(patched.attempts(), 1);

  const original = createPool(loadOriginal);
  const each = Promise.all([original.pool.getConnection(1), original.pool.getConnection(1)]);
  original.answer();
  await each;
  assert.equal(original.attempts(), 2);
});

test('a connection that could not be opened is tried again by the next request', async () => {
  const { pool, attempts, fail } = createPool(loadPatched);
  const refused = new Error('refused');
  const both = Promise.allSettled([pool.getConnection(1), pool.getConnection(1)]);
  fail(refused);
  assert.deepEqual(
    (await both).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await assert.rejects(pool.getConnection(1), refused);
  assert.equal(attempts(), 2);
});
