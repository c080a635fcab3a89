import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const entry = new URL('../astrolabe.js', import.meta.url).href;

/** Runs the entry in a Node that says it is of this version. */
function start(version: string) {
  const script = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });
    process.argv.splice(1, 1, 'astrolabe', '--version');
    await import(${JSON.stringify(entry)});`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
}

test('a Node that cannot run the command gets a message with the version that is needed', () => {
  const old = start('20.20.2');
  assert.equal(old.status, 2);
  assert.match(old.stderr, /^astrolabe needs Node 24, and this is Node 20\.20\.2\. .*npm ci/);
  const { status, stdout, stderr } = start(process.versions.node);
  assert.deepEqual([status, /^\d+\.\d+\.\d+\n$/.test(stdout)], [0, true], stderr);
});
