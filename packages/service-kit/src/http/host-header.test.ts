import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostFields, isLoopbackHost, parseHostHeader } from './host-header.ts';

const hosts: Readonly<
  Record<string, readonly [authority: string, isAddress: boolean, isLoopback: boolean] | undefined>
> = {
  'events.example.com': ['events.example.com', false, false],
  'Events.Example.COM.:8443': ['events.example.com:8443', false, false],
  localhost: ['localhost', false, true],
  'pod.localhost:80': ['pod.localhost:80', false, true],
  'localhost.example.com': ['localhost.example.com', false, false],
  ingest_1: ['ingest_1', false, false],
  '10.1.2.3:3100': ['10.1.2.3:3100', true, false],
  '127.0.0.1:3100': ['127.0.0.1:3100', true, true],
  '127.0.0.1.evil.example': ['127.0.0.1.evil.example', false, false],
  '[::1]:3100': ['[::1]:3100', true, true],
  '[fd00::1]': ['[fd00::1]', true, false],
  '': ['', false, false],
  'example.com:': ['example.com', false, false],
  '[::1': undefined,
  '[1.2.3.4]': undefined,
  'a b': undefined,
  'a,b': undefined,
  'user@example.com': undefined,
  'example.com/path': undefined,
  'example.com:99999': undefined,
  'example.com:port': undefined,
  ['a'.repeat(300)]: undefined,
};

for (const [header, expected] of Object.entries(hosts)) {
  test(`Host "${header.slice(0, 40)}" is ${expected === undefined ? 'refused' : `read as ${expected[0]}`}`, () => {
    const host = parseHostHeader(header);
    assert.deepEqual(host && [host.authority, host.isAddress, isLoopbackHost(host)], expected);
  });
}

test('every Host field is found, whatever its case, and no value that reads like one', () => {
  assert.deepEqual(hostFields(['Host', 'a', 'X', 'host', 'hOST', 'b']), ['a', 'b']);
});
