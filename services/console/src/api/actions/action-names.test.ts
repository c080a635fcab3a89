import assert from 'node:assert/strict';
import { test } from 'node:test';
import { consoleActionNames } from '@astrolabe/operations/audited-actions';
import { openTestActions } from './testing/open-test-actions.ts';

test('every change has a route, and every route that is not a change, a check or the carrying out of a plan only reads', async (t) => {
  const { routes } = await openTestActions(t);
  const changes = new Set(routes.flatMap(({ action }) => (action === undefined ? [] : [action])));
  assert.deepEqual([...changes].toSorted(), consoleActionNames.toSorted());
  const others = routes.filter(({ method, action }) => method !== 'GET' && action === undefined);
  assert.deepEqual(
    others.map(({ path }) => path),
    ['/plans/:id/execute', '/connectors/:id/check'],
  );
});
