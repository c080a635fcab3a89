import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnOrigin } from './origin.ts';

const local = { host: '127.0.0.1', publicUrl: undefined, allowedHosts: [] };
const behindProxy = { ...local, host: '0.0.0.0', publicUrl: 'https://console.example' };

test('a page of this console is one of the host that the request names, or of the public address', () => {
  assert.equal(isOwnOrigin('http://127.0.0.1:3400', 'same-origin', '127.0.0.1:3400', local), true);
  assert.equal(isOwnOrigin('http://localhost:3400', undefined, 'localhost:3400', local), true);
  assert.equal(isOwnOrigin('http://[::1]:3400', undefined, '[::1]:3400', local), true);
  assert.equal(isOwnOrigin('https://console.example', 'same-origin', 'console:3400', behindProxy), true);
  assert.equal(isOwnOrigin('http://127.0.0.1:3400', undefined, '127.0.0.1:3400', behindProxy), true);
});

test('a program that is not a browser names no origin, and nobody was lured to it', () => {
  assert.equal(isOwnOrigin(undefined, undefined, '127.0.0.1:3400', local), true);
});

test('every other origin is foreign, another port and another scheme too', () => {
  for (const [origin, site, host, own] of [
    ['http://evil.example', undefined, '127.0.0.1:3400', local],
    ['http://127.0.0.1:8080', undefined, '127.0.0.1:3400', local],
    ['https://127.0.0.1:3400', undefined, '127.0.0.1:3400', local],
    ['null', undefined, '127.0.0.1:3400', local],
    ['', undefined, '127.0.0.1:3400', local],
    [undefined, 'cross-site', '127.0.0.1:3400', local],
    [undefined, 'same-site', '127.0.0.1:3400', local],
    ['http://127.0.0.1:3400', 'same-site', '127.0.0.1:3400', local],
    ['http://console.example', undefined, 'console.example', behindProxy],
    ['https://console.example.evil.example', undefined, 'console.example', behindProxy],
    ['http://a b', undefined, 'a b', local],
  ] as const) {
    assert.equal(isOwnOrigin(origin, site, host, own), false, `${String(origin)} ${String(site)}`);
  }
});
