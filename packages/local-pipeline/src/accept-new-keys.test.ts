import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startReferenceApi } from '@astrolabe/reference-api';
import { eventually } from '@astrolabe/testkit';
import { acceptNewKeys } from './accept-new-keys.ts';

test('the API accepts a key that comes into the connectors file, and still the one that it replaces', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'accept-keys-'));
  t.after(() => rm(folder, { recursive: true }));
  const connectorsFile = join(folder, 'connectors.json');
  const write = async (keys: Readonly<Record<string, string>>): Promise<void> => {
    const connectors = Object.entries(keys).map(([id, apiKey]) => ({ id, name: id, apiKey }));
    await writeFile(`${connectorsFile}.new`, JSON.stringify({ connectors }));
    await rename(`${connectorsFile}.new`, connectorsFile);
  };
  await write({ demo: 'first' });
  const api = await startReferenceApi({ apiKeys: [{ connector: 'demo', key: 'first' }], enableControl: true });
  t.after(() => api.close());
  const following = await acceptNewKeys({ connectorsFile, env: {}, apiUrl: () => api.url });
  t.after(() => following.close());
  const statusWith = async (key: string): Promise<number> =>
    (await fetch(`${api.url}/v1/users`, { headers: { authorization: `Bearer ${key}` } })).status;
  assert.deepEqual([await statusWith('first'), await statusWith('second'), await statusWith('acme')], [200, 401, 401]);

  await write({ demo: 'second', acme: 'acme' });
  await eventually(async () => (await statusWith('second')) === 200 && (await statusWith('acme')) === 200, {
    timeoutMs: 20_000,
    describe: 'both new keys to be accepted',
  });
  assert.equal(await statusWith('first'), 200);
});
