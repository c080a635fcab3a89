import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import '../../index.ts';

const require = createRequire(import.meta.url);
const load = <T>(path: string): T => require(`kafkajs/src/${path}`) as T;

interface Connection {
  host: string;
  sasl: object;
  reauthenticationThreshold: number;
  connectionStatus: string;
  requestQueue: { checkPendingRequests(): void };
  socket: { write(bytes: Buffer): void };
  setVersions(versions: object): void;
  setSupportAuthenticationProtocol(isSupported: boolean): void;
  authenticate(): Promise<void>;
  processData(bytes: Buffer): void;
  send(call: object): Promise<unknown>;
}

const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent, namespace: (): object => logger };
const METADATA = 3;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;

/** A connection whose requests are noted by API key, and answered when the test says so. */
function createConnection(maxInFlightRequests: number | null) {
  const Connection = load<new (options: object) => Connection>('network/connection');
  const sent: { readonly apiKey: number; readonly correlationId: number }[] = [];
  const connection = new Connection({
    host: 'b',
    port: 1,
    clientId: 'c',
    logger,
    maxInFlightRequests,
    enforceRequestTimeout: false,
    requestTimeout: 1_000,
    sasl: {
      mechanism: 'plain',
      authenticationProvider: ({ saslAuthenticate }: { saslAuthenticate(exchange: object): Promise<unknown> }) => ({
        authenticate: () => saslAuthenticate({ request: { encode: () => Promise.resolve(Buffer.from('secret')) } }),
      }),
    },
  });
  connection.connectionStatus = 'connected';
  connection.setVersions({
    [SASL_HANDSHAKE]: { minVersion: 1, maxVersion: 1 },
    [SASL_AUTHENTICATE]: { minVersion: 1, maxVersion: 1 },
  });
  connection.setSupportAuthenticationProtocol(true);
  connection.socket = {
    write: (bytes) => void sent.push({ apiKey: bytes.readInt16BE(4), correlationId: bytes.readInt32BE(8) }),
  };
  const answer = (apiKey: number, body: Buffer): void => {
    const index = sent.findIndex((each) => each.apiKey === apiKey);
    const [request] = sent.splice(index, 1);
    assert.ok(request);
    const head = Buffer.alloc(8);
    head.writeInt32BE(body.length + 4);
    head.writeInt32BE(request.correlationId, 4);
    connection.processData(Buffer.concat([head, body]));
  };
  return { connection, keys: () => sent.map(({ apiKey }) => apiKey), answer };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const metadata = {
  request: { apiKey: METADATA, apiVersion: 0, apiName: 'Metadata', encode: async () => ({ buffer: Buffer.alloc(0) }) },
  response: { decode: async () => ({}), parse: async () => 'answered' },
};
/** No error; one mechanism. */
const handshakeAnswer = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 1, 0, 5]), Buffer.from('PLAIN')]);
function authenticateAnswer(lifetimeMs: number): Buffer {
  const answer = Buffer.alloc(2 + 2 + 4 + 8);
  answer.writeInt16BE(-1, 2);
  answer.writeBigInt64BE(BigInt(lifetimeMs), 8);
  return answer;
}

for (const maxInFlightRequests of [null, 1]) {
  test(`what waits to be sent does not come between the requests of a login (at most ${maxInFlightRequests ?? 'any number'} in flight)`, async () => {
    const { connection, keys, answer } = createConnection(maxInFlightRequests);
    // On its way already when the session has to be renewed: it has passed kafkajs's check.
    Object.assign(connection, { isAuthenticated: () => true });
    const before = connection.send(metadata);
    await turn();
    assert.deepEqual(keys(), [METADATA]);
    const isLoggedIn = { now: false };
    Object.assign(connection, { isAuthenticated: () => isLoggedIn.now });
    const login = connection.authenticate();
    Object.assign(connection, { isAuthenticated: () => true });
    const others = [connection.send(metadata), connection.send(metadata)];
    await turn();
    assert.deepEqual(keys(), [METADATA, SASL_HANDSHAKE]);
    answer(METADATA, Buffer.alloc(0));
    assert.equal(await before, 'answered');
    answer(SASL_HANDSHAKE, handshakeAnswer);
    await turn();
    await turn();
    assert.deepEqual(keys(), [SASL_AUTHENTICATE]);
    answer(SASL_AUTHENTICATE, authenticateAnswer(0));
    await login;
    for (const other of others) {
      await turn();
      answer(METADATA, Buffer.alloc(0));
      assert.equal(await other, 'answered');
    }
  });
}

test('a session is renewed ten seconds before its end, or at half of a short one, and never within a second of its login', async () => {
  for (const [lifetimeMs, thresholdMs] of [
    [3_600_000, 10_000],
    [4_001, 2_000],
    [1_800, 700],
    [1_000, 0],
  ] as const) {
    const { connection, answer } = createConnection(null);
    const login = connection.authenticate();
    await turn();
    answer(SASL_HANDSHAKE, handshakeAnswer);
    await turn();
    await turn();
    answer(SASL_AUTHENTICATE, authenticateAnswer(lifetimeMs));
    await login;
    assert.equal(connection.reauthenticationThreshold, thresholdMs);
  }
});
