import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { readBrokerFeatures } from './broker-features.ts';

async function answering(t: TestContext, onRequest: (request: Buffer, socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (request) => onRequest(request, socket));
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const framed = (bytes: readonly number[]): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, Buffer.from(bytes)]);
};
const ask = (port: number, timeoutMs = 5_000) =>
  readBrokerFeatures({ host: '127.0.0.1', port }, { tls: undefined, timeoutMs });
const CORRELATION = [0, 0, 0, 1];

test('the supported features of a broker are read, whatever other tags stand beside them, in as many pieces as they come', async (t) => {
  const name = [...Buffer.from('metadata.version')];
  const features = [2, name.length + 1, ...name, 0, 7, 0, 29, 0];
  const apis = [2, 0, 18, 0, 0, 0, 4, 0];
  const tags = [2, 0, features.length, ...features, 1, 1, 9];
  const answer = framed([...CORRELATION, 0, 0, ...apis, 0, 0, 0, 0, ...tags]);
  const port = await answering(t, (request, socket) => {
    assert.deepEqual([request.readInt32BE(0), request.readInt16BE(4)], [request.length - 4, 18]);
    socket.write(answer.subarray(0, 9), () => setImmediate(() => socket.write(answer.subarray(9))));
  });
  assert.deepEqual(await ask(port), new Map([['metadata.version', 29]]));
});

test('a broker that does not know the request supports no features', async (t) => {
  const port = await answering(t, (_, socket) => socket.write(framed([...CORRELATION, 0, 35, 0, 0, 0, 0])));
  assert.deepEqual(await ask(port), new Map());
});

test('an answer of another program, a closed connection and silence are failures', async (t) => {
  const http = await answering(t, (_, socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await assert.rejects(ask(http), /not that of a Kafka broker/);
  const other = await answering(t, (_, socket) => socket.write(framed([9, 9, 9, 9, 0, 0])));
  await assert.rejects(ask(other), /not that of a Kafka broker/);
  const closing = await answering(t, (_, socket) => socket.end());
  await assert.rejects(ask(closing), /closed without an answer/);
  const silent = await answering(t, () => undefined);
  await assert.rejects(ask(silent, 20), /no answer within 20 ms/);
});
