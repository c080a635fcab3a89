import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authorizationIn, keysInAuthorization } from './credentials.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const cases: readonly (readonly [name: string, header: string | undefined, keys: readonly string[]])[] = [
  ['Basic with a colon', `Basic ${base64('key:')}`, ['key']],
  ['Basic without a colon', `Basic ${base64('key')}`, ['key']],
  ['Basic with a password', `Basic ${base64('key:secret:more')}`, ['key']],
  ['Basic in any case', `bAsIc  ${base64('key:')}`, ['key']],
  ['Bearer', 'Bearer a-token', ['a-token']],
  ['no header', undefined, []],
  ['an empty user', `Basic ${base64(':password')}`, []],
  ['another scheme', 'Digest username="key"', []],
  ['a scheme alone', 'Basic', []],
];

for (const [name, header, keys] of cases) {
  test(`${name} gives ${keys.length === 0 ? 'no key' : 'the key'}`, () => {
    assert.deepEqual(keysInAuthorization(header), keys);
  });
}

const headers: Readonly<Record<string, readonly [Parameters<typeof authorizationIn>[0], keys: readonly string[]]>> = {
  'X-Write-Key alone': [{ 'x-write-key': 'key' }, ['key']],
  'X-Write-Key beside an Authorization': [{ authorization: 'Bearer other', 'x-write-key': 'key' }, ['other']],
  'an empty X-Write-Key': [{ 'x-write-key': '' }, []],
  'neither header': [{}, []],
};

for (const [name, [given, keys]] of Object.entries(headers)) {
  test(`${name} gives ${keys.length === 0 ? 'no key' : `the key "${keys.join()}"`}`, () => {
    assert.deepEqual(keysInAuthorization(authorizationIn(given)), keys);
  });
}
