import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { composeRoutes, documentedRoutes } from './route-table.ts';
import type { Route } from './route.ts';

function route(method: Route['method'], path: string): Route {
  return {
    method,
    path,
    role: 'viewer',
    summary: 'Test',
    answer: z.looseObject({}),
    handle: async () => ({ kind: 'json', body: {} }),
  };
}

test('two routes of one method and path are a defect, whatever their parameters are called', () => {
  assert.throws(() => composeRoutes([[route('GET', '/a/:id')], [route('GET', '/a/:name')]]), /GET \/a\/:name/);
  assert.equal(composeRoutes([[route('GET', '/a/:id')], [route('POST', '/a/:id'), route('GET', '/a/b')]]).length, 3);
});

test('the table is read without brokers, and whatever changes something is not a GET', () => {
  for (const { method, path, action } of documentedRoutes()) {
    assert.match(path, /^(\/(:[a-zA-Z]\w*|[a-z0-9]+(-[a-z0-9]+)*))+$/);
    if (action !== undefined) assert.notEqual(method, 'GET', `${path} changes something`);
  }
});
