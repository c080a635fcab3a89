import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { reachBrokers } from './reach-brokers.ts';

/** Accepts connections and never answers. */
async function silentHost(t: TestContext): Promise<string> {
  const server = createServer((socket) => {
    t.after(() => socket.destroy());
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a host that does not answer, and one that refuses, are reported with what to do', async (t) => {
  const silent = await silentHost(t);
  const config = { brokers: [silent, '127.0.0.1:1'], tls: undefined };
  await assert.rejects(
    reachBrokers(config, new AbortController().signal, 1_000),
    (error: Error & { code?: string }) => {
      assert.equal(error.code, 'kafka.unavailable');
      assert.ok(error.message.includes(`${silent}: no answer within 1000 ms; 127.0.0.1:1: connect ECONNREFUSED`));
      assert.match(
        error.message,
        /Check KAFKA_BROKERS and the network\..*a listener that expects TLS \(KAFKA_SSL is off\)/,
      );
      return true;
    },
  );
});

test('an interruption ends the wait', async (t) => {
  const interruption = new AbortController();
  const config = { brokers: [await silentHost(t)], tls: undefined };
  const reaching = reachBrokers(config, interruption.signal, 2_000);
  interruption.abort(new Error('interrupted'));
  await assert.rejects(reaching, /interrupted/);
});
