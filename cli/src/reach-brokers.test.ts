import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { reachBrokers, withWaitNote } from './reach-brokers.ts';
import { runAstrolabe } from './testing/run-astrolabe.ts';

/** Takes connections and never answers. */
async function silentHost(t: TestContext): Promise<string> {
  const server = createServer((socket) => {
    t.after(() => socket.destroy());
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const context = (signal = new AbortController().signal) => {
  const notes: string[] = [];
  return { notes, note: (line: string) => void notes.push(line), signal };
};

test('what takes long is said to be waited for, and what does not is not', async () => {
  const { notes, note } = context();
  const { promise, resolve } = Promise.withResolvers<number>();
  const waited = withWaitNote({ note: (line) => (note(line), resolve(1)) }, 'the brokers x:1', promise, 1);
  assert.equal(await waited, 1, 'the note comes while it is waited for');
  assert.deepEqual(notes, ['waiting for the brokers x:1 ...']);
  assert.equal(await withWaitNote({ note }, 'nothing', Promise.resolve(2), 60_000), 2);
  assert.equal(notes.length, 1);
});

test('a host that says nothing, and one that refuses, are told with what to do', async (t) => {
  const silent = await silentHost(t);
  const config = { kafkaBrokers: [silent, '127.0.0.1:1'], kafkaSsl: false };
  await assert.rejects(reachBrokers(context(), config, 50), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'kafka.unavailable');
    assert.ok(error.message.includes(`${silent}: no answer within 50 ms; 127.0.0.1:1: connect ECONNREFUSED`));
    assert.match(
      error.message,
      /Check KAFKA_BROKERS and the network\..*a listener that expects TLS \(KAFKA_SSL is off\)/,
    );
    return true;
  });
});

test('an interruption ends the waiting', async (t) => {
  const interruption = new AbortController();
  const config = { kafkaBrokers: [await silentHost(t)], kafkaSsl: false };
  const reaching = reachBrokers(context(interruption.signal), config, 2_000);
  interruption.abort(new Error('interrupted'));
  await assert.rejects(reaching, /interrupted/);
});

test('every verb that needs brokers ends with the reason where none is there', async () => {
  const env = { KAFKA_BROKERS: '127.0.0.1:1', SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' };
  for (const verb of [['lag'], ['dlq', 'list'], ['topics', 'check'], ['trace', 'm1'], ['tail', 'events']]) {
    const { exitCode, stderr } = await runAstrolabe(verb, env);
    assert.equal(exitCode, 1, verb.join(' '));
    assert.match(stderr, /^no broker answers \(127\.0\.0\.1:1: connect ECONNREFUSED 127\.0\.0\.1:1\)/, verb.join(' '));
  }
});
