import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSections } from './config-sections.ts';
import { defineConfig } from './config.ts';
import { readConfigOrExit, type ConfigProcess } from './read-config-or-exit.ts';
import type { Environment } from './read-config.ts';

const definition = defineConfig(configSections.schemaRegistry);

function run(env: Environment, ...flags: readonly string[]) {
  const seen = { out: '', err: '', exitCode: undefined as number | undefined, config: undefined as unknown };
  const exited = new Error('exited');
  const process: ConfigProcess = {
    env,
    argv: ['node', 'main.ts', ...flags],
    stdout: { write: (text) => (seen.out += text) },
    stderr: { write: (text) => (seen.err += text) },
    exit(code) {
      seen.exitCode = code;
      throw exited;
    },
  };
  try {
    seen.config = { ...readConfigOrExit(definition, process) };
  } catch (error) {
    if (error !== exited) throw error;
  }
  return seen;
}

test('a valid configuration is returned and nothing is printed', () => {
  const { config, out, err, exitCode } = run({ SCHEMA_REGISTRY_URL: 'http://r:8081' });
  assert.deepEqual([out, err, exitCode], ['', '', undefined]);
  assert.equal((config as { schemaRegistryUrl: string }).schemaRegistryUrl, 'http://r:8081');
});

test('an invalid configuration is explained on standard error and ends the process with 2, checked or not', () => {
  for (const flags of [[], ['--check-config']]) {
    const { out, err, exitCode } = run({}, ...flags);
    assert.equal(exitCode, 2);
    assert.equal(out, '');
    assert.equal(
      err,
      'the configuration has a problem:\n  SCHEMA_REGISTRY_URL is not set; expected an http or https URL\n',
    );
  }
});

test('--check-config prints the settings in effect without secrets and ends the process with 0', () => {
  const login = { SCHEMA_REGISTRY_USERNAME: 'ann', SCHEMA_REGISTRY_PASSWORD: 'hunter2' };
  const { out, exitCode } = run({ SCHEMA_REGISTRY_URL: 'http://r:8081', ...login }, '--check-config');
  assert.equal(exitCode, 0);
  assert.deepEqual(JSON.parse(out), {
    SCHEMA_REGISTRY_URL: 'http://r:8081',
    SCHEMA_REGISTRY_USERNAME: 'ann',
    SCHEMA_REGISTRY_PASSWORD: '[redacted]',
  });
});
