import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { loadConnectors } from '@astrolabe/service-kit';
import { addConnector } from './add-connector.ts';
import { listConnectors, setConnectorEnabled } from './edit-connectors.ts';
import { findWriteKey, openConnector, retireKey, rotateKey } from './rotate-key.ts';

const signal = new AbortController().signal;
const oneConnector = '{\n  "connectors": [{ "id": "acme", "name": "Acme", "apiKey": "old-key" }]\n}\n';

async function fileWith(t: TestContext, text: string | undefined): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'connectors-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'connectors.json');
  if (text !== undefined) await writeFile(path, text);
  return path;
}

test('a connector is added with a new key, and an id that is invalid or taken is refused', async (t) => {
  const connectorsFile = await fileWith(t, undefined);
  const request = { connectorsFile, id: undefined, freeEmailProviders: 'allow', key: { kind: 'generate' } } as const;
  const added = await addConnector({ ...request, name: 'Acme (EU)' });
  assert.ok(added.kind === 'added');
  assert.equal((await loadConnectors(connectorsFile, {})).byId('acme-eu')?.apiKey, added.generatedKey);
  assert.deepEqual(await addConnector({ ...request, name: 'Acme EU' }), { kind: 'duplicate-id', id: 'acme-eu' });
  assert.deepEqual(await addConnector({ ...request, name: '!' }), { kind: 'invalid-id', id: '' });
});

test('a key that is given by name is not shown, and is unknown where its variable is not set', async (t) => {
  const connectorsFile = await fileWith(t, oneConnector);
  const key = { kind: 'env', name: 'TWO_KEY' } as const;
  const added = await addConnector({ connectorsFile, name: 'Two', id: 'two', freeEmailProviders: 'block', key });
  assert.ok(added.kind === 'added' && added.generatedKey === undefined);
  const kinds = async (variables: Record<string, string>) =>
    (await listConnectors(connectorsFile, variables)).map(({ id, apiKey }) => [id, apiKey.kind]);
  assert.deepEqual(await kinds({}), [
    ['acme', 'key'],
    ['two', 'unknown'],
  ]);
  assert.deepEqual((await kinds({ TWO_KEY: 'k' }))[1], ['two', 'key']);
});

test('a listed connector has its own limits and domains, and its secrets are not among what is listed', async (t) => {
  const own = {
    id: 'acme',
    name: 'Acme',
    apiKey: 'old-key',
    webhookSecret: 'hush-hush',
    deniedEmailDomains: ['acme.com'],
    rateLimit: { eventsPerSecond: 5, burst: 7 },
    delivery: { callsPerSecond: 3 },
  };
  const [listed] = await listConnectors(await fileWith(t, JSON.stringify({ connectors: [own] })), {});
  assert.ok(listed !== undefined);
  const { rateLimit, delivery, deniedEmailDomains, hasWebhookSecret } = listed;
  assert.deepEqual(
    { rateLimit, delivery, deniedEmailDomains, hasWebhookSecret },
    {
      rateLimit: own.rateLimit,
      delivery: own.delivery,
      deniedEmailDomains: ['acme.com'],
      hasWebhookSecret: true,
    },
  );
  assert.doesNotMatch(JSON.stringify(listed), /hush-hush/);
});

test('a connector is enabled and disabled, and an unknown one is refused with those that are there', async (t) => {
  const path = await fileWith(t, oneConnector);
  assert.deepEqual(await setConnectorEnabled(path, 'acme', true), { kind: 'set', changed: false });
  assert.equal(await readFile(path, 'utf8'), oneConnector);
  assert.deepEqual(await setConnectorEnabled(path, 'acme', false), { kind: 'set', changed: true });
  assert.equal((await loadConnectors(path, {})).byId('acme')?.enabled, false);
  const unknown = { kind: 'unknown-connector', path, id: 'acm', known: ['acme'] };
  assert.deepEqual(await setConnectorEnabled(path, 'acm', true), unknown);
});

test('a rotated key works at once, and the old one works until it is retired', async (t) => {
  const path = await fileWith(t, oneConnector);
  const opened = await openConnector(path, 'acme');
  assert.ok(opened.kind === 'opened');
  const options = { variables: {}, api: undefined, signal };
  const rotated = await rotateKey({ opened, key: { kind: 'generate' }, ...options });
  assert.ok(rotated.kind === 'rotated');
  assert.equal((await loadConnectors(path, {})).byKey('old-key')?.id, 'acme');

  const again = await openConnector(path, 'acme');
  assert.ok(again.kind === 'opened');
  assert.deepEqual(await findWriteKey(again, '00000000', {}), { kind: 'unknown-key', known: [rotated.oldKey] });
  const key = await findWriteKey(again, rotated.oldKey, {});
  assert.ok(key.kind === 'write-key');
  await retireKey(again, key.place);
  const after = await loadConnectors(path, {});
  assert.deepEqual([after.byKey('old-key'), after.byKey(rotated.generatedKey ?? '')?.id], [undefined, 'acme']);
});

test('a rotation to where the present key comes from changes nothing', async (t) => {
  const text = '{"connectors":[{"id":"acme","name":"Acme","apiKey":{"env":"ACME_KEY"}}]}';
  const path = await fileWith(t, text);
  const opened = await openConnector(path, 'acme');
  assert.ok(opened.kind === 'opened');
  const key = { kind: 'env', name: 'ACME_KEY' } as const;
  const outcome = await rotateKey({ opened, key, variables: { ACME_KEY: 'k' }, api: undefined, signal });
  assert.deepEqual(outcome, { kind: 'same-source', source: { env: 'ACME_KEY' } });
  assert.equal(await readFile(path, 'utf8'), text);
});
