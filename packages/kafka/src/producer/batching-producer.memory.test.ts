import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { BatchingProducer, type ProduceSession } from './batching-producer.ts';
import { silentLogger } from '../testing/silent-logger.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const unavailable = () => new PipelineError('kafka.unavailable', 'connection closed', { retryable: true });
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

const DELIVERY_TIMEOUT_MS = 1_000;
const FAILURES = 50;

interface Failing {
  readonly produce: ProduceSession['produce'];
  /** What happens to the session once it is open, or instead of that. */
  readonly opening: (session: ProduceSession) => Promise<ProduceSession>;
  readonly close: () => Promise<void>;
}

const isOpen = async (session: ProduceSession): Promise<ProduceSession> => session;
const refuses = () => Promise.reject(unavailable());
const closes = async (): Promise<void> => undefined;

const failures: Readonly<Record<string, Failing>> = {
  'the request is refused': { opening: isOpen, produce: refuses, close: closes },
  'the request is never answered': { opening: isOpen, produce: never, close: closes },
  'the connection is neither answered nor closed': { opening: isOpen, produce: never, close: never },
  'the broker cannot be reached': { opening: refuses, produce: refuses, close: closes },
  'the connection is never made': { opening: never, produce: refuses, close: closes },
};

for (const [how, { opening, produce, close }] of Object.entries(failures)) {
  test(`a request that failed leaves nothing in memory, neither its connection nor its records, when ${how}`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const left: WeakRef<object>[] = [];
    const remember = <T extends object>(each: T): T => {
      left.push(new WeakRef(each));
      return each;
    };
    const producer = new BatchingProducer({
      principal: 'User:test',
      openSession: () => opening(remember({ produce, close })),
      logger: silentLogger,
      deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
      maxRequestBytes: 100_000,
      maxRecordBytes: 100_000,
    });
    for (let failure = 0; failure < FAILURES; failure += 1) {
      const record = remember({ key: null, value: Buffer.from(`${failure}`), headers: {} });
      const failed = assert.rejects(producer.send('t', [record]), { code: 'kafka.unavailable' });
      await turn();
      t.mock.timers.tick(DELIVERY_TIMEOUT_MS);
      await failed;
    }
    await turn();
    collectGarbage();
    const alive = left.filter((each) => each.deref() !== undefined).length;
    assert.equal(left.length, 2 * FAILURES);
    assert.ok(alive <= 2, `${alive} of ${left.length} are alive, and at most the last request may be`);
    await producer.close();
  });
}
