/** The source on real files and real watches: what it has to notice is what editors and Kubernetes do. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdir, mkdtemp, open as openFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readTextFile } from './connector-files.ts';
import { openConnectorSource } from './connector-source.ts';
import type { ConnectorsChange } from './connectors-change.ts';
import { createLogger } from '../logs/logger.ts';
import { createMetrics } from '../process/metrics.ts';

/** So that nothing but a watch can notice a change within a test. */
const NEVER_MS = 3_600_000;

async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'connector-source-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

async function open(t: TestContext, path: string, pollMs = NEVER_MS, onLogLine: (line: string) => void = () => {}) {
  const source = await openConnectorSource({
    path,
    env: {},
    logger: createLogger({ name: 'ingest', level: 'error', destination: { write: onLogLine } }),
    metrics: createMetrics({ service: 'ingest' }),
    pollMs,
    settleMs: 10,
  });
  t.after(() => source.close());
  return {
    source,
    /** Makes an edit, and waits until it has taken effect. */
    edit: async (make: () => Promise<void>): Promise<ConnectorsChange> => {
      const { promise, resolve } = Promise.withResolvers<ConnectorsChange>();
      const stop = source.onChange(resolve);
      await make();
      const change = await promise;
      stop();
      return change;
    },
  };
}

function describe(...ids: string[]): string {
  return JSON.stringify({ connectors: ids.map((id) => ({ id, name: id, apiKey: `ak-${id}` })) });
}

test('edits in place, by replacing the file and after removing it are all noticed', async (t) => {
  const folder = await makeFolder(t);
  const path = join(folder, 'connectors.json');
  await writeFile(path, describe('a'));
  const { edit } = await open(t, path);
  const replace = async (text: string) => {
    await writeFile(join(folder, '.connectors.json.swp'), text);
    await rename(join(folder, '.connectors.json.swp'), path);
  };
  assert.deepEqual((await edit(() => writeFile(path, describe('a', 'b')))).added, ['b']);
  assert.deepEqual((await edit(() => replace(describe('a', 'b', 'c')))).added, ['c']);
  assert.deepEqual((await edit(() => replace(describe('a', 'b')))).removed, ['c']);
  assert.deepEqual((await edit(() => writeFile(path, describe('b')))).removed, ['a']);
  const recreate = async () => {
    await rm(path);
    await writeFile(path, describe('d'));
  };
  assert.deepEqual(await edit(recreate), { added: ['d'], removed: ['b'], changed: [] });
});

test('connectors and keys that Kubernetes mounts are noticed when it swaps the link of their folder', async (t) => {
  const folder = await makeFolder(t);
  const config = join(folder, 'config');
  const secret = join(folder, 'secret');
  /** As kubelet's AtomicWriter does: a new folder, a link to it renamed over `..data`, the old folder removed. */
  const mount = async (volume: string, version: string, previous: string | undefined, name: string, text: string) => {
    await mkdir(join(volume, `..${version}`), { recursive: true });
    await writeFile(join(volume, `..${version}`, name), text);
    await symlink(`..${version}`, join(volume, '..data_tmp'));
    await rename(join(volume, '..data_tmp'), join(volume, '..data'));
    if (previous === undefined) await symlink(join('..data', name), join(volume, name));
    else await rm(join(volume, `..${previous}`), { recursive: true });
  };
  const acme = { id: 'acme', name: 'Acme', apiKey: { file: join(secret, 'acme') } };
  await mount(secret, '1', undefined, 'acme', 'ak-1');
  await mount(config, '1', undefined, 'connectors.json', JSON.stringify({ connectors: [acme] }));
  const { source, edit } = await open(t, join(config, 'connectors.json'));

  for (const [version, previous] of [
    ['2', '1'],
    ['3', '2'],
  ] as const) {
    await edit(() => mount(secret, version, previous, 'acme', `ak-${version}`));
    assert.equal(source.current().byId('acme')?.apiKey, `ak-${version}`);
    const text = JSON.stringify({ connectors: [{ ...acme, name: `Acme ${version}` }] });
    await edit(() => mount(config, version, previous, 'connectors.json', text));
    assert.equal(source.current().byId('acme')?.name, `Acme ${version}`);
  }
});

test('a folder that is replaced as a whole is found by the poll', async (t) => {
  const folder = await makeFolder(t);
  const mounted = join(folder, 'mounted');
  await mkdir(mounted);
  await writeFile(join(mounted, 'connectors.json'), describe('a'));
  const { edit } = await open(t, join(mounted, 'connectors.json'), 20);
  await mkdir(join(folder, 'next'));
  await writeFile(join(folder, 'next', 'connectors.json'), describe('b'));
  const swap = async () => {
    await rename(mounted, join(folder, 'previous'));
    await rename(join(folder, 'next'), mounted);
  };
  assert.deepEqual((await edit(swap)).added, ['b']);
});

/** Releases a blocked reader of the pipe, so that a failing test ends. */
async function openForWriting(pipe: string): Promise<void> {
  const writer = await openFile(pipe, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
  await writer?.close();
}

test('a pipe as key file is a bad edit: the next edit takes effect, and closing does not wait', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'connector-source-'));
  const at = (name: string): string => join(folder, name);
  t.after(async () => {
    await openForWriting(at('pipe'));
    await rm(folder, { recursive: true });
  });
  await writeFile(at('key'), 'ak-1');
  await writeFile(
    at('connectors.json'),
    JSON.stringify({ connectors: [{ id: 'a', name: 'A', apiKey: { file: 'key' } }] }),
  );
  const refused = Promise.withResolvers<string>();
  const { source, edit } = await open(t, at('connectors.json'), NEVER_MS, refused.resolve);
  execFileSync('mkfifo', [at('pipe')]);
  await symlink('pipe', at('link'));
  await rename(at('link'), at('key'));
  assert.match(await refused.promise, /key is not a regular file but a pipe/);
  assert.equal(source.current().byId('a')?.apiKey, 'ak-1');

  const repair = async () => {
    await writeFile(at('repaired'), 'ak-2');
    await rename(at('repaired'), at('key'));
  };
  assert.deepEqual((await edit(repair)).changed, [{ id: 'a', fields: ['apiKey'] }]);
  assert.equal(source.current().byId('a')?.apiKey, 'ak-2');
  await symlink('pipe', at('link'));
  await rename(at('link'), at('key'));
  await source.close();
});

test('only regular files of a bounded size are read, links to them followed', async (t) => {
  const folder = await makeFolder(t);
  const at = (name: string): string => join(folder, name);
  execFileSync('mkfifo', [at('pipe')]);
  await writeFile(at('file'), '\u00fc');
  await symlink('file', at('link'));
  await writeFile(at('empty'), '');
  await writeFile(at('huge'), Buffer.alloc(16_777_217));
  assert.equal(await readTextFile(at('file')), '\u00fc');
  assert.equal(await readTextFile(at('link')), '\u00fc');
  assert.equal(await readTextFile(at('empty')), '');
  await assert.rejects(readTextFile(at('pipe')), /pipe is not a regular file but a pipe, a device or a socket/);
  await assert.rejects(readTextFile('/dev/zero'), /not a regular file/);
  await assert.rejects(readTextFile(folder), /is a folder/);
  await assert.rejects(readTextFile(at('huge')), /has more than 16777216 bytes/);
  await assert.rejects(readTextFile(at('none')), /ENOENT/);
});
