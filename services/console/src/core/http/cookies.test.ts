import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieIn, cookieName } from './cookies.ts';

test('a cookie is found by its whole name', () => {
  const header = 'other=1; xastrolabe-session=2; astrolabe-session=a.b=c; astrolabe-session-2=3';
  assert.equal(cookieIn(header, 'astrolabe-session'), 'a.b=c');
  assert.equal(cookieIn(header, 'astrolabe'), undefined);
  assert.equal(cookieIn(undefined, 'astrolabe-session'), undefined);
});

test('of two cookies with one name neither is taken: a neighbour may have set one', () => {
  assert.equal(cookieIn('a=1; a=2', 'a'), undefined);
  assert.equal(cookieIn('a=1;a=1', 'a'), undefined);
});

test('over https, browsers guard the name', () => {
  assert.equal(cookieName('a', { isSecure: false, path: '/' }), 'a');
  assert.equal(cookieName('a', { isSecure: true, path: '/' }), '__Host-a');
  assert.equal(cookieName('a', { isSecure: true, path: '/ops' }), '__Secure-a');
});
