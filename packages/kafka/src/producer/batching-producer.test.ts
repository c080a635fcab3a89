import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { OutgoingRecord, RecordPosition } from '@astrolabe/records';
import { PipelineError, isPipelineError } from '@astrolabe/service-kit/errors';
import { eventually } from '@astrolabe/testkit';
import { BatchingProducer, type ProduceSession, type RequestPace, type TopicRecords } from './batching-producer.ts';
import { silentLogger } from '../testing/silent-logger.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface PendingRequest {
  readonly session: number;
  readonly requests: readonly TopicRecords[];
  readonly cancelled: AbortSignal;
  readonly answer: PromiseWithResolvers<readonly (readonly RecordPosition[])[]>;
}

/** Sessions whose requests the test answers, with all that is done to them in order. */
function createScript() {
  const effects: string[] = [];
  const pending: PendingRequest[] = [];
  let opened = 0;
  let offset = 0n;
  let unreachable: Error | undefined;

  const openSession = async (): Promise<ProduceSession> => {
    if (unreachable !== undefined) throw unreachable;
    const session = (opened += 1);
    effects.push(`open ${session}`);
    return {
      produce: (requests, cancelled) => {
        effects.push(`produce ${session}: ${requests.map(({ records }) => records.map(textOf).join('+')).join(' ')}`);
        const answer = Promise.withResolvers<readonly (readonly RecordPosition[])[]>();
        pending.push({ session, requests, cancelled, answer });
        return answer.promise;
      },
      close: async () => void effects.push(`close ${session}`),
    };
  };
  const next = (): PendingRequest => {
    const request = pending.shift();
    assert.ok(request, 'a request is under way');
    return request;
  };
  return {
    effects,
    openSession,
    next,
    hasPending: () => pending.length > 0,
    setUnreachable: (error: Error | undefined) => {
      unreachable = error;
    },
    acknowledge: async () => {
      const { requests, answer } = next();
      answer.resolve(
        requests.map(({ topic, records }) => records.map(() => ({ topic, partition: 0, offset: offset++ }))),
      );
      await turn();
    },
    refuse: async (error: Error) => {
      next().answer.reject(error);
      await turn();
    },
  };
}

function textOf({ value }: OutgoingRecord): string {
  return value?.toString() ?? '';
}

function record(text: string): OutgoingRecord {
  return { key: null, value: Buffer.from(text), headers: {} };
}

function createProducer(options: { maxRequestBytes?: number; maxRecordBytes?: number; pace?: RequestPace } = {}) {
  const script = createScript();
  const producer = new BatchingProducer({
    principal: 'User:test',
    openSession: script.openSession,
    logger: silentLogger,
    deliveryTimeoutMs: 1_000,
    maxRequestBytes: options.maxRequestBytes ?? 100_000,
    maxRecordBytes: options.maxRecordBytes ?? 100_000,
    pace: options.pace,
  });
  /** A send whose rejection may come before the test looks. */
  const send = (topic: string, ...texts: string[]) => {
    const result = producer.send(topic, texts.map(record));
    result.catch(() => undefined);
    return result;
  };
  return { script, producer, send };
}

const unavailable = () => new PipelineError('kafka.unavailable', 'connection closed', { retryable: true });
const tooLarge = () => new PipelineError('kafka.record-too-large', 'too large', { retryable: false });

test('what arrives while a request is under way shares the next one, in the order of arrival', async () => {
  const { script, send } = createProducer();
  const first = send('t', 'a');
  await turn();
  const others = ['b', 'c', 'd'].map((text) => send('t', text));
  await script.acknowledge();
  await script.acknowledge();
  assert.deepEqual(script.effects, ['open 1', 'produce 1: a', 'produce 1: b c d']);
  const positions = (await Promise.all([first, ...others])).flat();
  assert.deepEqual(
    positions.map(({ offset }) => offset),
    [0n, 1n, 2n, 3n],
  );
});

test('sends of one turn of the event loop share the first request', async () => {
  const { script, send } = createProducer();
  const sends = ['a', 'b'].map((text) => send('t', text));
  await turn();
  await script.acknowledge();
  await Promise.all(sends);
  assert.deepEqual(script.effects, ['open 1', 'produce 1: a b']);
});

test('what comes alone is sent at once, what follows closely waits for others, and many wait for nothing', async () => {
  const { script, send } = createProducer({ pace: { intervalMs: 60_000, unlessRecords: 3 } });
  const sends = [send('t', 'a')];
  await turn();
  await script.acknowledge();
  sends.push(send('t', 'b'), send('t', 'c'));
  for (let turns = 0; turns < 5; turns += 1) await turn();
  assert.deepEqual(script.effects, ['open 1', 'produce 1: a']);
  sends.push(send('t', 'd'));
  await turn();
  await script.acknowledge();
  await Promise.all(sends);
  assert.deepEqual(script.effects, ['open 1', 'produce 1: a', 'produce 1: b c d']);
});

test('a producer that closes sends what waits for others', async () => {
  const { script, producer, send } = createProducer({ pace: { intervalMs: 60_000, unlessRecords: 3 } });
  const first = send('t', 'a');
  await turn();
  await script.acknowledge();
  const second = send('t', 'b');
  await turn();
  const closed = producer.close();
  await turn();
  await script.acknowledge();
  await Promise.all([first, second, closed]);
  assert.deepEqual(script.effects, ['open 1', 'produce 1: a', 'produce 1: b', 'close 1']);
});

test('the next request comes when its time has come, however little waits', async () => {
  const { script, send } = createProducer({ pace: { intervalMs: 5, unlessRecords: 100 } });
  const sends = [send('t', 'a')];
  await turn();
  await script.acknowledge();
  sends.push(send('t', 'b'));
  await eventually(() => script.hasPending(), { timeoutMs: 10_000, describe: 'the next request', intervalMs: 1 });
  await script.acknowledge();
  await Promise.all(sends);
});

test('after any failure the connection is replaced, since nobody knows which records it counts as stored', async () => {
  for (const fault of [unavailable(), tooLarge(), new TypeError('defect')]) {
    const { script, send } = createProducer();
    const first = send('t', 'a');
    await turn();
    const second = send('t', 'b');
    await script.refuse(fault);
    await turn();
    await script.acknowledge();
    await second;
    await assert.rejects(first, (error) => isPipelineError(error));
    assert.deepEqual(script.effects, ['open 1', 'produce 1: a', 'close 1', 'open 2', 'produce 2: b']);
  }
});

test('a failure that may pass is told to every caller of the request', async () => {
  const { script, send } = createProducer();
  const sends = ['a', 'b'].map((text) => send('t', text));
  await turn();
  await script.refuse(unavailable());
  for (const sent of sends) await assert.rejects(sent, { code: 'kafka.unavailable', retryable: true });
});

test('a request that is refused for good is taken apart: only the send at fault is refused', async () => {
  const { script, send } = createProducer();
  const good = send('t', 'good');
  const bad = send('t', 'bad');
  const other = send('t', 'other');
  await turn();
  await script.refuse(tooLarge());
  await script.acknowledge();
  await script.refuse(tooLarge());
  await script.acknowledge();
  await Promise.all([good, other]);
  await assert.rejects(bad, { code: 'kafka.record-too-large', retryable: false });
  assert.deepEqual(
    script.effects.filter((effect) => effect.startsWith('produce')),
    ['produce 1: good bad other', 'produce 2: good', 'produce 2: bad', 'produce 3: other'],
  );
});

test('a send to a topic that is not there does not take those to other topics with it', async () => {
  const { script, send } = createProducer();
  const good = send('t', 'good');
  const bad = send('missing', 'bad');
  await turn();
  const missing = new PipelineError('kafka.topic-missing', 'missing', { retryable: true });
  await script.refuse(missing);
  await script.acknowledge();
  await script.refuse(missing);
  await good;
  await assert.rejects(bad, { code: 'kafka.topic-missing', retryable: true });
});

test('a failure of another kind is sorted: an unclassified one is final', async () => {
  const { script, send } = createProducer();
  const sent = send('t', 'a');
  await turn();
  await script.refuse(new TypeError('defect'));
  await assert.rejects(sent, { code: 'kafka.request-refused', retryable: false });
});

test('a record over the limit is refused before anything is sent, with its size', async () => {
  const { script, send } = createProducer({ maxRecordBytes: 100 });
  await assert.rejects(send('t', 'a', 'x'.repeat(100)), {
    code: 'kafka.record-too-large',
    retryable: false,
    details: { topic: 't', sizeBytes: 140, maxBytes: 100 },
  });
  await turn();
  assert.deepEqual(script.effects, []);
});

test('a send of nothing is acknowledged without a request', async () => {
  const { script, producer } = createProducer();
  assert.deepEqual(await producer.send('t', []), []);
  await turn();
  assert.deepEqual(script.effects, []);
});

test('100,000 records in one send do not exhaust the stack', async () => {
  const { script, producer } = createProducer({ maxRequestBytes: Number.MAX_SAFE_INTEGER });
  const small = record('a');
  const send = producer.send(
    't',
    Array.from({ length: 100_000 }, () => small),
  );
  await turn();
  await script.acknowledge();
  assert.equal((await send).length, 100_000);
});

test('without an acknowledgement in time a send is rejected, its request given up, and what waits goes out on a new connection', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { script, send } = createProducer();
  const hanging = send('t', 'a');
  await turn();
  t.mock.timers.tick(999);
  const later = send('t', 'b');
  await turn();
  assert.deepEqual(script.effects, ['open 1', 'produce 1: a']);
  const { cancelled } = script.next();
  assert.equal(cancelled.aborted, false);
  t.mock.timers.tick(1);
  await assert.rejects(hanging, { code: 'kafka.unavailable', message: 'no acknowledgement within 1000 ms' });
  assert.equal(cancelled.aborted, true, 'a retry under way must not store it later');
  await turn();
  await script.acknowledge();
  await later;
  assert.deepEqual(script.effects, ['open 1', 'produce 1: a', 'close 1', 'open 2', 'produce 2: b']);
});

test('a producer whose close has a time gives up then what is not acknowledged', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { script, producer } = createProducer({ maxRequestBytes: 1 });
  const sends = ['a', 'b'].map((value) => producer.send('t', [record(value)]));
  const refused = sends.map((send) => assert.rejects(send, { code: 'kafka.unavailable', message: /was closed/ }));
  await turn();
  const closed = producer.close({ timeoutMs: 100 });
  t.mock.timers.tick(100);
  await Promise.all(refused);
  await closed;
  assert.deepEqual(script.effects, ['open 1', 'produce 1: a', 'close 1']);
});

test('a send that waits behind others past its time is never sent', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { script, send } = createProducer({ maxRequestBytes: 1 });
  const first = send('t', 'a');
  const second = send('t', 'b');
  await turn();
  t.mock.timers.tick(1_000);
  await turn();
  await assert.rejects(first, { code: 'kafka.unavailable' });
  await assert.rejects(second, { code: 'kafka.unavailable' });
  assert.deepEqual(script.effects, ['open 1', 'produce 1: a', 'close 1']);
});

test('a send cut into parts is rejected as a whole at its time, and its remaining parts are withdrawn', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { script, send } = createProducer({ maxRequestBytes: 100 });
  const cut = send('t', ...['x', 'y', 'z'].map((text) => text.repeat(60)));
  await turn();
  await script.acknowledge();
  await turn();
  t.mock.timers.tick(1_000);
  await turn();
  await assert.rejects(cut, { code: 'kafka.unavailable', retryable: true });
  const next = send('t', 'next');
  await turn();
  script.next();
  await script.acknowledge();
  await next;
  assert.deepEqual(
    script.effects.filter((effect) => effect.startsWith('produce')).map((effect) => effect.slice(0, 12)),
    ['produce 1: x', 'produce 1: y', 'produce 2: n'],
  );
});

test('no broker at the start is told at once, and again by each send until one is there', async () => {
  const { script, producer, send } = createProducer();
  script.setUnreachable(unavailable());
  await assert.rejects(producer.connect(), { code: 'kafka.unavailable', retryable: true });
  await assert.rejects(send('t', 'a'), { code: 'kafka.unavailable', retryable: true });
  script.setUnreachable(undefined);
  const sent = send('t', 'a');
  await turn();
  await turn();
  await script.acknowledge();
  await sent;
});

test('closing waits for what is under way, then closes the connection, and later sends are rejected', async () => {
  const { script, producer, send } = createProducer();
  const sent = send('t', 'a');
  await turn();
  const closed = producer.close();
  await assert.rejects(send('t', 'late'), { code: 'kafka.unavailable', retryable: true });
  await script.acknowledge();
  await sent;
  await closed;
  assert.deepEqual(script.effects, ['open 1', 'produce 1: a', 'close 1']);
});

test('closing takes the delivery time-out at most, even if a request hangs', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { script, producer, send } = createProducer();
  const hanging = send('t', 'a');
  await turn();
  const closed = producer.close();
  t.mock.timers.tick(1_000);
  await closed;
  await assert.rejects(hanging, { code: 'kafka.unavailable' });
  assert.ok(script.hasPending());
});

test('an answered send leaves no timer behind', async () => {
  const clear = mock.method(globalThis, 'clearTimeout');
  const { script, send } = createProducer();
  const sent = send('t', 'a');
  await turn();
  await script.acknowledge();
  await sent;
  assert.equal(clear.mock.callCount(), 1);
  clear.mock.restore();
});
