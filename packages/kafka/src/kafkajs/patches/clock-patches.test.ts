import assert from 'node:assert/strict';
import { mock, test, type TestContext } from 'node:test';
import { loadOriginal, loadPatched } from '../../testing/original-kafkajs.ts';

const load = loadPatched;

const HOUR_MS = 3_600_000;
const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent, namespace: (): object => logger };

/** Both clocks by hand: the wall clock may jump, the monotonic one only goes on. */
function createClocks(t: TestContext) {
  let wallMs = 1_772_366_400_000;
  let monotonicMs = 5_000;
  const wall = mock.method(Date, 'now', () => wallMs);
  const monotonic = mock.method(performance, 'now', () => monotonicMs);
  t.after(() => {
    wall.mock.restore();
    monotonic.mock.restore();
  });
  return {
    jump: (byMs: number) => {
      wallMs += byMs;
    },
    pass: (ms: number) => {
      wallMs += ms;
      monotonicMs += ms;
    },
  };
}

interface Queue {
  readonly pending: readonly unknown[];
  push(request: object): void;
  maybeThrottle(ms: number | null): void;
  checkPendingRequests(): void;
  scheduleRequestTimeoutCheck(): void;
  destroy(): void;
}

function createQueue(isConnected = true, loadModule = load): Queue {
  const RequestQueue = loadModule<new (options: object) => Queue>('network/requestQueue');
  return new RequestQueue({
    maxInFlightRequests: null,
    requestTimeout: 1_000,
    enforceRequestTimeout: true,
    clientId: 'c',
    broker: 'b',
    logger,
    isConnected: () => isConnected,
  });
}

function requestOf(onSent: () => void, onRejected: (error: Error) => void = silent) {
  const entry = { correlationId: 1, apiName: 'Test', apiKey: 0, apiVersion: 0, resolve: silent, reject: onRejected };
  return { entry, expectResponse: true, sendRequest: onSent };
}

for (const jumpMs of [-HOUR_MS, HOUR_MS]) {
  const jumped = jumpMs < 0 ? 'back' : 'forward';

  test(`a wall clock that is set ${jumped} changes nothing for a request that a broker throttles`, (t) => {
    const clocks = createClocks(t);
    const queue = createQueue();
    t.after(() => queue.destroy());
    let sent = 0;
    queue.maybeThrottle(50);
    queue.push(requestOf(() => (sent += 1)));
    clocks.jump(jumpMs);
    clocks.pass(49);
    queue.checkPendingRequests();
    assert.equal(sent, 0);
    clocks.pass(1);
    queue.checkPendingRequests();
    assert.equal(sent, 1);
    queue.maybeThrottle(null);
    assert.equal(queue.pending.length, 0);
  });

  test(`a wall clock that is set ${jumped} changes nothing for a request that is not answered: it times out in its time`, (t) => {
    const clocks = createClocks(t);
    t.mock.timers.enable({ apis: ['setInterval'] });
    const queue = createQueue();
    t.after(() => queue.destroy());
    queue.scheduleRequestTimeoutCheck();
    const rejections: string[] = [];
    queue.push(requestOf(silent, ({ name }) => rejections.push(name)));
    clocks.jump(jumpMs);
    clocks.pass(1_000);
    t.mock.timers.tick(100);
    assert.deepEqual(rejections, []);
    clocks.pass(1);
    t.mock.timers.tick(100);
    assert.deepEqual(rejections, ['KafkaJSRequestTimeoutError']);
  });

  test(`a member whose wall clock is set ${jumped} sends its next heartbeat no later than it would have`, async (t) => {
    const clocks = createClocks(t);
    const ConsumerGroup =
      load<
        new (options: object) => { memberId: string; coordinator: object; heartbeat(options: object): Promise<void> }
      >('consumer/consumerGroup');
    const group = new ConsumerGroup({
      retry: {},
      cluster: {},
      groupId: 'g',
      topics: [],
      topicConfigurations: {},
      logger,
      instrumentationEmitter: { emit: silent },
      assigners: [],
    });
    let heartbeats = 0;
    group.memberId = 'm';
    group.coordinator = { heartbeat: async () => void (heartbeats += 1) };
    clocks.pass(3_000);
    await group.heartbeat({ interval: 3_000 });
    assert.equal(heartbeats, 1);
    clocks.jump(jumpMs);
    clocks.pass(3_000);
    await group.heartbeat({ interval: 3_000 });
    assert.equal(heartbeats, 2);
  });
}

test('a request that is in flight when its connection is closed times out as any other; the original waits for it without end', (t) => {
  const clocks = createClocks(t);
  t.mock.timers.enable({ apis: ['setInterval'] });
  for (const loadModule of [loadPatched, loadOriginal]) {
    const queue = createQueue(false, loadModule);
    t.after(() => queue.destroy());
    queue.scheduleRequestTimeoutCheck();
    const rejections: string[] = [];
    queue.push(requestOf(silent, ({ name }) => rejections.push(name)));
    t.mock.timers.tick(100);
    clocks.pass(1_001);
    t.mock.timers.tick(1_000);
    assert.deepEqual(rejections, loadModule === loadPatched ? ['KafkaJSRequestTimeoutError'] : []);
  }
});
