import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { provideConnectors } from './local-connectors.ts';

async function connectorsFile(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-connector-'));
  context.after(() => rm(folder, { recursive: true }));
  return join(folder, 'connectors.json');
}

test('the first start writes a connector with a key of its own, which later starts find again', async (context) => {
  const path = await connectorsFile(context);
  const { chosen: first } = await provideConnectors(path, {});
  assert.equal(first.id, 'demo');
  assert.match(first.apiKey, /^demo_[\w-]{24}$/);
  assert.deepEqual((await provideConnectors(path, {})).chosen, first);
  const other = await provideConnectors(await connectorsFile(context), {});
  assert.notEqual(other.chosen.apiKey, first.apiKey);
});

test('the file is for its owner alone, and nothing else is left beside it', async (context) => {
  const path = await connectorsFile(context);
  await provideConnectors(path, {});
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(join(path, '..')), ['connectors.json']);
});

test('of several starts at once all use the same key', async (context) => {
  const path = await connectorsFile(context);
  const keys = await Promise.all([1, 2, 3, 4].map(async () => (await provideConnectors(path, {})).chosen.apiKey));
  assert.equal(new Set(keys).size, 1);
});

test("a file that somebody has edited is taken as it is, its first enabled connector where there is no 'demo'", async (context) => {
  const path = await connectorsFile(context);
  const text = JSON.stringify({
    connectors: [
      { id: 'off', name: 'Off', apiKey: 'key-1', enabled: false },
      { id: 'acme', name: 'Acme', apiKey: { env: 'ACME_KEY' } },
    ],
  });
  await writeFile(path, text);
  const { chosen, all } = await provideConnectors(path, { ACME_KEY: 'key-2' });
  assert.deepEqual([chosen.id, chosen.apiKey], ['acme', 'key-2']);
  assert.equal(all.length, 2);
  assert.equal(await readFile(path, 'utf8'), text);
});

test('a file without an enabled connector is refused, saying what to do', async (context) => {
  const path = await connectorsFile(context);
  await writeFile(path, JSON.stringify({ connectors: [] }));
  await assert.rejects(
    provideConnectors(path, {}),
    (error) => isPipelineError(error, 'connectors.invalid') && error.message.includes('enable one'),
  );
});
