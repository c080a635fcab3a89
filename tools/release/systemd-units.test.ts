/** The units of `deploy/systemd`: what they name is there, and systemd reads them as they are meant. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { schemasConfig, topicsConfig } from '@astrolabe/cli/config';
import { consoleConfig } from '@astrolabe/console/config';
import { dispatcherConfig } from '@astrolabe/dispatcher/config';
import { ingestConfig } from '@astrolabe/ingest/config';
import { mapperConfig } from '@astrolabe/mapper/config';

const root = resolve(import.meta.dirname, '../..');
const folder = join(root, 'deploy/systemd');
const units = [
  'astrolabe-ingest.service',
  'astrolabe-mapper@.service',
  'astrolabe-dispatcher@.service',
  'astrolabe-console.service',
];
const common = 'astrolabe-.service.d/10-common.conf';

const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
const settingsIn = (text: string, name: string): string[] =>
  [...text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);

const variables: ReadonlySet<string> = new Set(
  [ingestConfig, mapperConfig, dispatcherConfig, consoleConfig, topicsConfig, schemasConfig].flatMap(
    ({ variables: own }) => Object.values<{ readonly env: string }>(own).map(({ env }) => env),
  ),
);
/** Node's own. */
const ofNode: ReadonlySet<string> = new Set(['NODE_ENV', 'NODE_COMPILE_CACHE']);

test('every unit starts a service that is there', () => {
  for (const unit of units) {
    const [command = ''] = settingsIn(read(unit), 'ExecStart');
    assert.match(command, /^node services\/[a-z]+\/src\/main\.ts$/, unit);
    assert.ok(existsSync(join(root, command.slice('node '.length))), unit);
  }
});

test('every variable of the units and of their example is a setting', () => {
  const files = [...units, common];
  const named = [
    ...files.flatMap((file) => settingsIn(read(file), 'Environment')),
    ...(read('astrolabe.env.example').match(/^[A-Z_]+=/gm) ?? []),
  ].map((setting) => setting.split('=')[0] ?? '');
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter((name) => !variables.has(name) && !ofNode.has(name)),
    [],
  );
});

test('a unit stops later than its service gives up, and a setting that cannot be is not tried again', () => {
  const { drainMs, shutdownTimeoutMs } = ingestConfig.variables;
  for (const unit of units) {
    const [stopSeconds = ''] = settingsIn(read(unit), 'TimeoutStopSec');
    const neededMs = Number(shutdownTimeoutMs.default) + (unit.includes('ingest') ? Number(drainMs.default) : 0);
    assert.ok(Number(stopSeconds) * 1000 > neededMs, unit);
  }
  assert.deepEqual(settingsIn(read(common), 'RestartPreventExitStatus'), ['2']);
});

test('systemd reads the units without a complaint, and finds little that they could do beyond their work', (t) => {
  if (spawnSync('systemd-analyze', ['--version']).error !== undefined) {
    // Not everybody's machine has it: then the tests above are all.
    t.diagnostic('systemd-analyze is not on this machine: the units were not verified by it');
    return;
  }
  const instances = units.map((unit) => join(folder, unit.replace('@.', '@0.')));
  const verified = spawnSync('systemd-analyze', ['verify', ...instances], { encoding: 'utf8' });
  // Where Node has another place than on the machine that the units are for.
  const complaints = verified.stderr
    .split('\n')
    .filter((line) => line !== '' && !line.includes('Command node is not exec'));
  assert.deepEqual(complaints, []);
  for (const instance of instances) {
    const { status, stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', '--threshold=20', '--no-pager', instance],
      { encoding: 'utf8', env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` } },
    );
    assert.equal(status, 0, stdout + stderr);
  }
});

test('every file of the folder is named in the guide', () => {
  const guide = readFileSync(join(root, 'docs/deploy/vm.md'), 'utf8');
  const missing = readdirSync(folder).filter((file) => !guide.includes(file));
  assert.deepEqual(missing, []);
});
