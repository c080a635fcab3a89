/**
 * What failed requests leave behind: kafkajs offers no way to end a client but to disconnect it and to let go of it.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { queryObjects } from 'node:v8';
import type { OutgoingRecord } from '@astrolabe/records';
import { eventually, startFaultProxy } from '@astrolabe/testkit';
import { createRecordProducer } from './kafkajs-producer.ts';
import { brokersUnderTest, connect, createTopic } from '../testing/broker.ts';
import { silentLogger } from '../testing/silent-logger.ts';

const require = createRequire(import.meta.url);
const Connection = require('kafkajs/src/network/connection') as new () => object;

/**
 * Of kafkajs, open or not, that are alive after a full collection: an open one is kept alive by its socket, any by what
 * would open it again.
 */
const countConnections = (): number => queryObjects(Connection, { format: 'count' });

const DELIVERY_TIMEOUT_MS = 200;
const FAILURES = 30;

function record(value: string): OutgoingRecord {
  return { key: null, value: Buffer.from(value), headers: {} };
}

test('a request that failed leaves nothing in memory, neither its connection nor its records', async (t) => {
  const good = await createTopic(t);
  const narrow = await createTopic(t, { maxMessageBytes: 1_000 });
  const [host = '', port] = (brokersUnderTest()[0] ?? '').split(':');
  // Brokers are found through it; the one that was found has an address of its own.
  const proxy = await startFaultProxy({ target: { host, port: Number(port) } });
  t.after(() => proxy.close());
  const producer = await createRecordProducer({
    connection: connect([proxy.address]),
    logger: silentLogger,
    deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
  });
  t.after(() => producer.close());
  const untilStored = () =>
    eventually(() => producer.send(good, [record('a')]), { timeoutMs: 20_000, describe: 'a record to be stored' });
  const fail = async () => {
    for (let failure = 0; failure < FAILURES; failure += 1) {
      await assert.rejects(producer.send(narrow, [record('x'.repeat(5_000))]));
    }
  };
  await untilStored();
  const before = countConnections();

  await fail();
  await untilStored();
  const afterRefusals = await settled(before);

  await assert.rejects(producer.send(narrow, [record('x'.repeat(5_000))]));
  proxy.cut();
  await fail();
  const whileAway = countConnections();
  proxy.resume();
  await untilStored();
  const afterOutage = await settled(before);
  t.diagnostic(
    `connections: ${before}, ${afterRefusals} after refusals, ${whileAway} while away, ${afterOutage} after that`,
  );
  assert.ok(whileAway > before, 'connections that were given up were still being tried');
});

/** What was given up while the broker was away connects once more when it is back, and is closed then. */
function settled(before: number): Promise<number> {
  const check = (): number => {
    const now = countConnections();
    assert.ok(now <= before, `${now} connections, ${before} before`);
    return now;
  };
  return eventually(check, {
    timeoutMs: 20_000,
    describe: 'the connections of failed requests to be gone',
    intervalMs: 500,
  });
}
