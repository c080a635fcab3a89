import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import type { PipelineAddresses } from '@astrolabe/local-pipeline';
import { lookCommand, sendCommand, shellQuote, toJsonLine } from './addresses.ts';

const addresses: PipelineAddresses = {
  ingest: 'http://127.0.0.1:3100',
  astrolabe: 'http://127.0.0.1:3200',
  console: 'http://127.0.0.1:3400',
  kafka: '127.0.0.1:9092',
  schemaRegistry: 'http://127.0.0.1:8081/apis/ccompat/v7',
  metrics: {
    ingest: 'http://127.0.0.1:4001/metrics',
    mapper: 'http://127.0.0.1:4002/metrics',
    dispatcher: 'http://127.0.0.1:4003/metrics',
  },
  apiKey: 'demo_key',
  connector: 'demo',
};

test('the JSON line is one line, with exactly the names that scripts rely on', () => {
  const line = toJsonLine({ ...addresses, ...{ more: 'is left out' } });
  assert.ok(!line.includes('\n'));
  assert.deepEqual(JSON.parse(line), addresses);
});

test('the curl lines carry the key, the body and the address through a shell unchanged', () => {
  const odd = { ...addresses, apiKey: `it's$HOME "odd"` };
  const words = (command: string): string[] =>
    execFileSync('/bin/sh', ['-c', `for word in ${command}; do printf '%s\\0' "$word"; done`], { encoding: 'utf8' })
      .split('\0')
      .slice(0, -1);
  assert.deepEqual(words(sendCommand(odd)), [
    'curl',
    '-u',
    `${odd.apiKey}:`,
    '-H',
    'Content-Type: application/json',
    '-d',
    '{"userId":"userId123","traits":{"email":"john.doe@example.com"}}',
    'http://127.0.0.1:3100/v1/identify',
  ]);
  assert.deepEqual(words(lookCommand(odd)), [
    'curl',
    '-H',
    `Authorization: Bearer ${odd.apiKey}`,
    'http://127.0.0.1:3200/v1/users/userId123',
  ]);
});

test('a word is quoted only where a shell would read it specially', () => {
  assert.equal(shellQuote('http://127.0.0.1:3100/v1'), 'http://127.0.0.1:3100/v1');
  assert.equal(shellQuote('a b'), `'a b'`);
  assert.equal(shellQuote(''), `''`);
});
