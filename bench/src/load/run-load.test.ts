import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { runLoad } from './run-load.ts';

async function serve(
  t: { after(fn: () => void): void },
  answer: (request: number) => number,
): Promise<{ url: string; ids: string[] }> {
  const ids: string[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { batch } = JSON.parse(Buffer.concat(chunks).toString()) as { batch: { messageId: string }[] };
      ids.push(...batch.map(({ messageId }) => messageId));
      requests += 1;
      response.statusCode = answer(requests);
      response.end('answer');
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ids };
}

const batches = { path: '/v1/batch', writeKey: 'k', connections: 3, eventsPerRequest: 5, isBatch: true, firstId: 100 };

test('what the load generator counts is what the server was sent, and no message id comes twice', async (t) => {
  const { url, ids } = await serve(t, () => 200);
  const load = await runLoad({ ...batches, url, seconds: 0.1 });
  assert.ok(load.requests >= batches.connections);
  assert.equal(load.latenciesMs.length, load.requests);
  assert.equal(load.events, load.requests * batches.eventsPerRequest);
  assert.equal(ids.length, load.events);
  assert.equal(new Set(ids).size, load.events);
});

test('one answer that is not 200 ends the measurement', async (t) => {
  const { url } = await serve(t, (request) => (request === 4 ? 503 : 200));
  await assert.rejects(runLoad({ ...batches, url, seconds: 5 }), /answered 503: answer/);
});
