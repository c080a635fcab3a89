import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEventServer } from './event-server.ts';
import { runLoad } from './run-load.ts';

const batches = { path: '/v1/batch', writeKey: 'k', connections: 3, eventsPerRequest: 5, isBatch: true, firstId: 100 };

test('what the load generator counts is what the server was sent, and no message id comes twice', async (t) => {
  const { url, events } = await startEventServer(t, () => 200);
  const load = await runLoad({ ...batches, url, seconds: 0.1 });
  assert.ok(load.requests >= batches.connections);
  assert.equal(load.latenciesMs.length, load.requests);
  assert.equal(load.events, load.requests * batches.eventsPerRequest);
  assert.equal(events.length, load.events);
  assert.equal(new Set(events.map(({ messageId }) => messageId)).size, load.events);
});

test('one answer that is not 200 ends the measurement', async (t) => {
  const { url } = await startEventServer(t, (request) => (request === 4 ? 503 : 200));
  await assert.rejects(runLoad({ ...batches, url, seconds: 5 }), /answered 503: answer/);
});
