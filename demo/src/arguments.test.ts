import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments } from './arguments.ts';

const start = { takes: 'json', workingDirectory: '/home/ada/project' } as const;
const demo = { ...start, takes: 'open' } as const;

test('without arguments it runs for people, in a temporary folder', () => {
  assert.deepEqual(parseArguments([], start), { kind: 'run', json: false, open: false, dataDir: undefined });
});

test('a data folder is resolved against the folder in which npm was called', () => {
  assert.deepEqual(parseArguments(['--json', '--data', 'kept'], start), {
    kind: 'run',
    json: true,
    open: false,
    dataDir: '/home/ada/project/kept',
  });
  assert.deepEqual(parseArguments(['--data=/srv/kept', '--open'], demo), {
    kind: 'run',
    json: false,
    open: true,
    dataDir: '/srv/kept',
  });
});

test('help wins over everything else', () => {
  assert.deepEqual(parseArguments(['--json', '-h'], start), { kind: 'help' });
});

test('what is not known is refused rather than ignored', () => {
  for (const argv of [['--jason'], ['kept'], ['--data'], ['--data', '']]) {
    assert.equal(parseArguments(argv, start).kind, 'wrong', argv.join(' '));
  }
  assert.equal(parseArguments(['--json'], demo).kind, 'wrong');
  assert.equal(parseArguments(['--open'], start).kind, 'wrong');
});
