/** `npm test` on machines that lack something, as processes with an environment of their own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { machineEnvironment } from '@astrolabe/testkit';

const root = resolve(import.meta.dirname, '..');

/** Starts a program of the repository where `PATH` holds the given programs only, and with a cache that is empty. */
async function run(
  t: TestContext,
  [entry = '', ...args]: readonly string[],
  {
    programs = {},
    env = {},
  }: { readonly programs?: Readonly<Record<string, string>>; readonly env?: NodeJS.ProcessEnv },
) {
  const folder = await mkdtemp(join(tmpdir(), 'requirements-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(folder, name), 0o755);
  }
  const cache = join(folder, 'cache');
  const child = spawn(process.execPath, [join(root, entry), ...args], {
    cwd: root,
    // Docker may be there or not: this way is the same everywhere.
    env: {
      ...machineEnvironment(),
      HOME: folder,
      PATH: folder,
      ASTROLABE_STACK: 'jvm',
      ASTROLABE_CACHE_DIR: cache,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, output, hasCache: existsSync(cache) };
}

const java = (version: string): string => `echo 'openjdk version "${version}" 2025-01-01' >&2`;
const CONTRACT = 'test/contract/analytics-next';

for (const [what, programs, env, expected] of [
  ['neither Java nor Maven', {}, {}, /no java on PATH; no mvn on PATH/],
  ['Java without Maven', { java: java('17.0.9') }, {}, /: no mvn on PATH/],
  ['an old Java', { java: java('11.0.2'), mvn: 'exit 1' }, {}, /java is Java 11\.0\.2, older than 17/],
  [
    'a JAVA_HOME without Java',
    { java: java('21') },
    { JAVA_HOME: '/none' },
    /JAVA_HOME is \/none, and there is no bin/,
  ],
  [
    'a cache that cannot be used',
    { java: java('21'), mvn: 'exit 1' },
    { ASTROLABE_CACHE_DIR: '/dev/null/cache' },
    /downloads go to \/dev\/null\/cache, but \/dev\/null is not a folder: set ASTROLABE_CACHE_DIR/,
  ],
] as const) {
  test(`with ${what} npm test says so once, with what to install, before any test runs or anything is fetched`, async (t) => {
    const { exitCode, output, hasCache } = await run(t, ['tools/run-tests.ts'], { programs, env });
    assert.equal(exitCode, 1);
    assert.match(output, expected);
    assert.match(output, /install Java 17 or newer and Maven \(Debian 12/);
    assert.equal(output.match(/stack\.unavailable/g)?.length, 1, output);
    assert.equal(output.trim().split('\n').length, 1, output);
    assert.equal(hasCache, false);
  });
}

test('a browser that is missing is told beside what else is missing, and unit tests need none of it', async (t) => {
  const env = { CHROMIUM_PATH: '/no/browser' };
  const both = await run(t, ['tools/run-tests.ts', CONTRACT], { env });
  assert.equal(both.exitCode, 1);
  assert.match(both.output, /^stack\.unavailable: .*\nCHROMIUM_PATH is \/no\/browser.*\n$/);
  const unit = await run(t, ['tools/run-tests.ts', '--unit', 'packages/records/src/record/murmur2', 'record.test'], {
    env,
  });
  assert.equal(unit.exitCode, 0, unit.output);
});

for (const [entry, ...args] of [
  ['demo/src/demo.ts'],
  ['demo/src/start.ts'],
  ['demo/src/tour.ts'],
  ['bench/src/main.ts', 'mapper', '--quick'],
  ['chaos/src/main.ts', '--seed', '1', '--minutes', '1'],
] as const) {
  test(`${entry} says what to install and ends, before it starts or fetches anything`, async (t) => {
    const { exitCode, output, hasCache } = await run(t, [entry, ...args], {});
    assert.equal(exitCode, 1);
    assert.match(output, /no java on PATH; no mvn on PATH, .*install Java 17 or newer and Maven \(Debian 12/);
    assert.equal(output.match(/no java on PATH/g)?.length, 1, output);
    assert.doesNotMatch(output, /\n {4}at |\bstarting /, 'neither a stack trace nor something that was started');
    assert.equal(hasCache, false);
  });
}
