import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hrefOf, routeOf, toSearch } from './routes.ts';

test('an address names its page below any base path', () => {
  for (const [base, pathname, page] of [
    ['/', '/', 'overview'],
    ['/console/', '/console', 'overview'],
    ['/console/', '/console/', 'overview'],
    ['/console/', '/console/live/', 'live'],
    ['/a/b/', '/a/b/connectors/new', 'new-connector'],
    ['/a/b/', '/a/b/connectors/acme', 'connector'],
    ['/', '/dead-letters/astrolabe.commands.dlq.v1/3/12', 'dead-letter'],
    ['/', '/replays/new', 'new-replay'],
    ['/', '/nowhere', 'unknown'],
    ['/console/', '/other/live', 'unknown'],
    ['/', '/trail/user/', 'unknown'],
    ['/', '/trail/user/%', 'unknown'],
  ] as const) {
    assert.equal(routeOf(base, pathname, '').page, page, pathname);
  }
});

test('an id of any form goes into an address and comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (id) => {
      fc.pre(id !== '.' && id !== '..');
      const { pathname, search } = new URL(
        hrefOf('/console/', ['trail', 'user', id], { connector: id }),
        'http://host',
      );
      const route = routeOf('/console/', pathname, search);
      assert.deepEqual(route, { page: 'trail', params: { kind: 'user', id }, query: { connector: id } });
    }),
  );
});

test('filters go into an address and come back; those that are empty are left out', () => {
  assert.equal(toSearch({}), '');
  assert.equal(toSearch({ a: '', b: undefined, c: 'x y&z' }), '?c=x+y%26z');
  assert.deepEqual(routeOf('/', '/live', toSearch({ text: '50% +é', user: 'ada' })).query, {
    text: '50% +é',
    user: 'ada',
  });
});

test('an id that is not well-formed makes an address too', () => {
  assert.equal(hrefOf('/', ['trail', 'user', '\ud800']), '/trail/user/%EF%BF%BD');
});
