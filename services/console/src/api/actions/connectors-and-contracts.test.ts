import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { PipelineError } from '@astrolabe/service-kit/errors';
import { openTestActions } from './testing/open-test-actions.ts';

const connectorsFile = '{"connectors":[{"id":"acme","name":"Acme","apiKey":"old-key","freeEmailProviders":"allow"}]}';

test('a key is shown in the answer that made it, and nowhere else', async (t) => {
  const actions = await openTestActions(t, { connectors: { ingestUrl: 'https://in.example.com' } });
  const added = (await actions.ask('POST', '/connectors', { name: 'Acme', freeEmailProviders: 'block' })) as {
    id: string;
    key: string;
    ingestUrl: string;
  };
  assert.deepEqual([added.id, added.ingestUrl], ['acme', 'https://in.example.com']);
  assert.match(added.key, /^acme_.{32}$/);
  const rotated = (await actions.ask('POST', '/connectors/acme/rotate')) as { key: string; retire: string };
  assert.notEqual(rotated.key, added.key);
  assert.deepEqual(await actions.ask('POST', '/connectors/acme/retire', { key: rotated.retire }), {
    id: 'acme',
    changed: true,
  });
  const audit = (await actions.lines('/audit/export')).join('');
  assert.match(audit, /"action":"rotate-key"/);
  for (const { key } of [added, rotated]) assert.ok(!audit.includes(key), 'the audit has no key');
  const gone = await actions.refused('POST', '/connectors/acme/retire', { key: rotated.retire });
  assert.deepEqual([gone.status, gone.code], [404, 'console.connector-unknown']);
});

test('a connector is edited and disabled; one that does not exist, and an id that is taken, are refused', async (t) => {
  const actions = await openTestActions(t, { connectorsFile });
  assert.deepEqual(await actions.ask('PUT', '/connectors/acme', { name: 'Acme (EU)' }), { id: 'acme', changed: true });
  assert.deepEqual(await actions.ask('POST', '/connectors/acme/enabled', { enabled: false }), {
    id: 'acme',
    changed: true,
  });
  for (const [method, path, body] of [
    ['PUT', '/connectors/other', { name: 'X' }],
    ['POST', '/connectors/other/enabled', { enabled: true }],
    ['POST', '/connectors/other/rotate', {}],
  ] as const) {
    const refused = await actions.refused(method, path, body);
    assert.deepEqual([refused.status, refused.code], [404, 'console.connector-unknown'], path);
  }
  const taken = await actions.refused('POST', '/connectors', { name: 'Acme', freeEmailProviders: 'allow' });
  assert.deepEqual([taken.status, taken.code], [409, 'console.connector-refused']);
  assert.equal((await actions.refused('PUT', '/connectors/acme', {})).status, 422);
});

test('a test event goes to ingest with the key of the connector, and a refusal of ingest is told', async (t) => {
  const seen: { authorization: string | undefined; path: string | undefined }[] = [];
  let status = 200;
  const ingest = createServer((request, response) => {
    seen.push({ authorization: request.headers.authorization, path: request.url });
    request.resume();
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  t.after(() => ingest.close());
  await once(ingest, 'listening');
  const testEventsUrl = `http://127.0.0.1:${(ingest.address() as AddressInfo).port}`;
  const ingestUrl = 'https://in.example.com';
  const actions = await openTestActions(t, { connectorsFile, connectors: { ingestUrl, testEventsUrl } });
  const { messageId } = (await actions.ask('POST', '/connectors/acme/test-event')) as { messageId: string };
  assert.match(messageId, /^console-test-/);
  assert.deepEqual(seen, [{ authorization: `Basic ${Buffer.from('old-key:').toString('base64')}`, path: '/v1/track' }]);
  status = 401;
  const refused = await actions.refused('POST', '/connectors/acme/test-event');
  assert.deepEqual([refused.status, refused.code], [503, 'console.ingest-refused']);
  assert.match(refused.message, /it answered 401/);
  const untold = await openTestActions(t, { connectorsFile });
  assert.equal((await untold.refused('POST', '/connectors/acme/test-event')).code, 'console.not-configured');
  assert.equal((await untold.refused('POST', '/connectors/acme/check')).code, 'console.not-configured');
});

test('topics are applied, and the topic of the audit is made first where it is missing', async (t) => {
  const actions = await openTestActions(t, { missing: ['audit', 'replays'] });
  const { audit, replays } = actions.cluster.topics;
  const refused = await actions.refused('POST', '/connectors', { name: 'Acme', freeEmailProviders: 'allow' });
  assert.deepEqual([refused.status, refused.code], [503, 'audit.not-recorded']);
  const applied = (await actions.ask('POST', '/topics/apply')) as { created: string[]; isInOrder: boolean };
  assert.deepEqual([applied.created.toSorted(), applied.isInOrder], [[audit.name, replays.name].toSorted(), true]);
  const audited = (await actions.lines('/audit/export')).join('');
  assert.match(audited, /"action":"apply-topics".*"kind":"done"/);
});

test('schemas are registered, and what can be tried again is a 503 with its code', async (t) => {
  const subject = { kind: 'UpsertUser', subject: 's', schemaId: 7, changed: true } as const;
  const actions = await openTestActions(t, { registry: { apply: async () => [subject] } });
  assert.deepEqual(await actions.ask('POST', '/schemas/apply'), { subjects: [{ subject: 's', id: 7, changed: true }] });
  const away = new PipelineError('registry.unavailable', 'the registry does not answer', { retryable: true });
  const failing = await openTestActions(t, { registry: { apply: () => Promise.reject(away) } });
  const refused = await failing.refused('POST', '/schemas/apply');
  assert.deepEqual([refused.status, refused.code], [503, 'registry.unavailable']);
});

test('whatever was read before a change is old before the change is answered, even where it was refused', async (t) => {
  const actions = await openTestActions(t, { connectorsFile });
  await actions.ask('PUT', '/connectors/acme', { name: 'Acme (EU)' });
  await actions.ask('POST', '/connectors/acme/enabled', { enabled: false });
  const { retire } = (await actions.ask('POST', '/connectors/acme/rotate')) as { retire: string };
  await actions.ask('POST', '/connectors/acme/retire', { key: retire });
  await actions.refused('POST', '/connectors', { name: 'Acme', id: 'acme', freeEmailProviders: 'allow' });
  assert.deepEqual(actions.changed, Array(5).fill('connectors'));
  await actions.ask('POST', '/topics/apply');
  await actions.ask('POST', '/schemas/apply');
  assert.deepEqual(actions.changed.slice(5), ['contracts', 'contracts']);
});
