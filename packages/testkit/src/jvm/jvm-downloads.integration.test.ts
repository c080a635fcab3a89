import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { eventually } from '../eventually.ts';
import { downloadsDirectory, fetchDownloads, findDownloads } from './jvm-downloads.ts';

/**
 * A cache of its own and a Maven that does what `script` says; `$1` is the folder to fetch into, `$2` the file of
 * calls.
 */
async function setUp(t: TestContext, script: string) {
  const directory = await mkdtemp(join(tmpdir(), 'downloads-'));
  t.after(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const maven = join(directory, 'mvn');
  const calls = join(directory, 'calls');
  await writeFile(
    maven,
    `#!/bin/sh
for argument; do case "$argument" in -Dstack.directory=*) folder="\${argument#*=}";; esac; done
set -- "$folder" ${calls}
echo call >> "$2"
${script}
`,
  );
  await chmod(maven, 0o755);
  const cache = join(directory, 'cache');
  const env = { PATH: process.env.PATH, ASTROLABE_CACHE_DIR: cache };
  return {
    env,
    maven,
    cache,
    fetch: () => fetchDownloads({ env, maven, onProgress: () => undefined }),
    callCount: async () => (await readFile(calls, 'utf8')).trim().split('\n').length,
  };
}

const WHOLE = 'mkdir "$1/kafka" "$1/registry" "$1/maven"; echo jar > "$1/kafka/a.jar"';

test('what Maven fetched is found again, and nothing else is left in the cache', async (t) => {
  const { env, cache, fetch } = await setUp(t, WHOLE);
  assert.equal(await findDownloads(env), undefined);
  const downloads = await fetch();
  assert.deepEqual(await findDownloads(env), downloads);
  const folder = await downloadsDirectory(env);
  assert.equal(downloads.kafkaClasspath, join(folder, 'kafka', '*'));
  assert.ok(downloads.registryJar.startsWith(join(folder, 'registry')));
  assert.deepEqual(await readdir(cache), [basename(folder)]);
  assert.deepEqual((await readdir(folder)).sort(), ['kafka', 'registry']);
});

test('of several that need the downloads one fetches', async (t) => {
  const { fetch, callCount } = await setUp(t, `sleep 0.3; ${WHOLE}`);
  const [first, ...others] = await Promise.all([fetch(), fetch(), fetch()]);
  for (const other of others) assert.deepEqual(other, first);
  assert.equal(await callCount(), 1);
});

test('a Maven that fails leaves nothing behind, and its output is in the message', async (t) => {
  const { env, cache, fetch } = await setUp(t, 'mkdir "$1/kafka"; echo "[ERROR] no route to host"; exit 1');
  await assert.rejects(
    fetch(),
    (error: unknown) =>
      isPipelineError(error, 'stack.unavailable') && /exit code 1.*\[ERROR\] no route to host$/s.test(error.message),
  );
  assert.deepEqual(await readdir(cache), []);
  assert.equal(await findDownloads(env), undefined);
});

test('a download whose owner was killed leaves no half cache, and the next one succeeds', async (t) => {
  const { env, maven, cache, fetch } = await setUp(t, `${WHOLE}; [ -e "$2.killed" ] || exec sleep 300`);
  const module = fileURLToPath(new URL('./jvm-downloads.ts', import.meta.url));
  const options = JSON.stringify({ env, maven });
  const script = `import { fetchDownloads } from ${JSON.stringify(module)};
    await fetchDownloads({ ...${options}, onProgress() {} });`;
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], { env, stdio: 'inherit' });
  const isHalfWay = async (): Promise<boolean> => {
    const names = await readdir(cache, { recursive: true }).catch(() => []);
    return names.some((name) => name.endsWith('a.jar'));
  };
  await eventually(isHalfWay, { timeoutMs: 10_000, describe: 'a half finished download' });
  owner.kill('SIGKILL');

  await eventually(async () => !(await isHalfWay()), { timeoutMs: 10_000, describe: 'the removal of what it fetched' });
  assert.equal(await findDownloads(env), undefined);
  await writeFile(join(cache, '..', 'calls.killed'), '');
  await fetch();
  assert.notEqual(await findDownloads(env), undefined);
});
