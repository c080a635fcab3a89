import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startReferenceApi } from '@astrolabe/reference-api';
import { loadConnectors } from '@astrolabe/service-kit';
import { jsonLines, runAstrolabe } from '../testing/run-astrolabe.ts';

async function setUp(t: TestContext, text?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'cli-connectors-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'connectors.json');
  if (text !== undefined) await writeFile(path, text);
  return { folder, path, env: { CONNECTORS_FILE: path } };
}

const oneConnector = '{\n  "connectors": [{ "id": "acme", "name": "Acme", "apiKey": "old-key" }]\n}\n';

test('add asks for a name and about free email providers, shows the key once and says what to enter in Segment', async (t) => {
  const { path, env } = await setUp(t);
  const added = await runAstrolabe(['connectors', 'add', '--ingest-url', 'https://in.example.com'], env, {
    answers: ['', 'Acme (EU)', 'maybe', 'block'],
  });
  assert.equal(added.exitCode, 0, added.stderr);
  const connector = (await loadConnectors(path, {})).byId('acme-eu');
  assert.ok(connector !== undefined);
  assert.deepEqual([connector.name, connector.freeEmailProviders, connector.enabled], ['Acme (EU)', 'block', true]);
  assert.match(connector.apiKey, /^acme-eu_[\w-]{32}$/);
  assert.match(added.stdout, new RegExp(`API key, shown this once: ${connector.apiKey}`));
  assert.match(added.stdout, /Settings > API Key: acme-eu_/);
  assert.match(added.stdout, /POST https:\/\/in\.example\.com\/segment/);
  const listed = await runAstrolabe(['connectors', 'list'], env);
  assert.ok(!listed.stdout.includes(connector.apiKey), 'a key is shown once');
  assert.match(listed.stdout, /acme-eu\s+Acme \(EU\)\s+yes\s+block\s+[0-9a-f]{8}\s+in the file/);
});

test('add without a terminal needs its answers as flags, and says which', async (t) => {
  const { path, env } = await setUp(t);
  const nameless = await runAstrolabe(['connectors', 'add'], env);
  assert.equal(nameless.exitCode, 2);
  assert.match(nameless.stderr, /--name "Acme" --free-email-providers block/);
  assert.equal((await runAstrolabe(['connectors', 'add', '--name', 'Acme'], env)).exitCode, 2);
  await assert.rejects(stat(path), { code: 'ENOENT' });
});

test('a missing key file is created with access for its owner only, and the connectors file holds no key', async (t) => {
  const { folder, path, env } = await setUp(t, oneConnector);
  const args = [
    'connectors',
    'add',
    '--name',
    'Two',
    '--free-email-providers',
    'allow',
    '--key-file',
    'two.key',
    '--json',
  ];
  const [added] = jsonLines<{ apiKey: string }>(await runAstrolabe(args, env));
  assert.equal((await stat(join(folder, 'two.key'))).mode & 0o777, 0o600);
  assert.equal((await loadConnectors(path, {})).byId('two')?.apiKey, added?.apiKey);
  assert.ok(!(await readFile(path, 'utf8')).includes(added?.apiKey ?? ''));
  assert.ok((await readFile(path, 'utf8')).includes('{ "id": "acme", "name": "Acme", "apiKey": "old-key" }'));
});

test('an invalid file and a duplicate id are refused, and the file is left as it is', async (t) => {
  const args = ['connectors', 'add', '--name', 'Acme', '--free-email-providers', 'allow'];
  for (const text of ['{"connectors": [', '{"connectors": [{"id": "acme"}]}', oneConnector]) {
    const { path, env } = await setUp(t, text);
    const refused = await runAstrolabe(args, env);
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /cannot be used, so nothing was changed|has a connector "acme" already/);
    assert.equal(await readFile(path, 'utf8'), text);
  }
});

test('disable and enable switch the toggle, and say when nothing changed', async (t) => {
  const { path, env } = await setUp(t, oneConnector);
  assert.equal((await runAstrolabe(['connectors', 'disable', 'acme'], env)).stdout, 'Connector "acme" is disabled.\n');
  assert.equal((await loadConnectors(path, {})).byId('acme')?.enabled, false);
  assert.match((await runAstrolabe(['connectors', 'disable', 'acme'], env)).stdout, /was already disabled/);
  assert.equal((await runAstrolabe(['connectors', 'enable', 'acme'], env)).exitCode, 0);
  assert.equal((await loadConnectors(path, {})).byId('acme')?.enabled, true);
  const unknown = await runAstrolabe(['connectors', 'enable', 'acmee'], env);
  assert.equal(unknown.exitCode, 2);
  assert.match(unknown.stderr, /has no connector "acmee"; it has acme/);
});

test('a connectors file with a byte order mark is read and edited like any other', async (t) => {
  const { path, env } = await setUp(t, `\ufeff${oneConnector}`);
  const disabled = await runAstrolabe(['connectors', 'disable', 'acme'], env);
  assert.equal(disabled.exitCode, 0, disabled.stderr);
  assert.equal((await loadConnectors(path, {})).byId('acme')?.enabled, false);
});

test('a rotated key works at once, and the old one works until it is retired', async (t) => {
  const { path, env } = await setUp(t, oneConnector);
  const refused = await runAstrolabe(['connectors', 'rotate-key', 'acme'], env);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /nothing changed\. Re-run with --execute/);
  const rotated = await runAstrolabe(['connectors', 'rotate-key', 'acme', '--execute', '--json'], env);
  const [{ apiKey, retire } = { apiKey: '', retire: '' }] = jsonLines<{ apiKey: string; retire: string }>(rotated);
  const between = await loadConnectors(path, {});
  assert.equal(between.byId('acme')?.apiKey, apiKey);
  assert.equal(between.byKey('old-key')?.id, 'acme');

  const wrong = await runAstrolabe(['connectors', 'rotate-key', 'acme', '--retire', '00000000', '--execute'], env);
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr, new RegExp(`it has ${retire}`));
  const retired = await runAstrolabe(['connectors', 'rotate-key', 'acme', '--retire', retire, '--execute'], env);
  assert.equal(retired.exitCode, 0, retired.stderr);
  const after = await loadConnectors(path, {});
  assert.equal(after.byKey('old-key'), undefined);
  assert.equal(after.byKey(apiKey)?.id, 'acme');
});

test('check asks the API with each key and changes nothing there', async (t) => {
  const api = await startReferenceApi({ apiKeys: [{ connector: 'acme', key: 'old-key' }] });
  t.after(() => api.close());
  const { env } = await setUp(t, oneConnector);
  const checked = { ...env, DISPATCHER_API_URL: api.url };
  assert.equal((await runAstrolabe(['connectors', 'check', 'acme'], checked)).exitCode, 0);
  await runAstrolabe(['connectors', 'add', '--name', 'Two', '--free-email-providers', 'allow'], env);
  const both = await runAstrolabe(['connectors', 'check', '--json'], checked);
  assert.equal(both.exitCode, 1);
  assert.deepEqual(jsonLines(both), [
    {
      connectors: [
        { id: 'acme', kind: 'accepted' },
        { id: 'two', kind: 'refused', status: 401 },
      ],
    },
  ]);
  assert.ok(api.calls.all().every(({ method }) => method === 'GET'));
  await api.close();
  const away = await runAstrolabe(['connectors', 'check'], checked);
  assert.equal(away.exitCode, 1);
  assert.match(away.stdout, /unclear: connect ECONNREFUSED/);
  assert.equal((await runAstrolabe(['connectors', 'check'], env)).exitCode, 2);
});

test('a rotation to a key that Astrolabe refuses changes nothing', async (t) => {
  const api = await startReferenceApi({ apiKeys: [{ connector: 'acme', key: 'old-key' }] });
  t.after(() => api.close());
  const { path, env } = await setUp(t, oneConnector);
  const refused = await runAstrolabe(['connectors', 'rotate-key', 'acme', '--key-env', 'NEW', '--execute'], {
    ...env,
    NEW: 'unknown-there',
    DISPATCHER_API_URL: api.url,
  });
  assert.equal(refused.exitCode, 1);
  assert.equal(await readFile(path, 'utf8'), oneConnector);
});
