import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditedActions } from '@astrolabe/operations';
import { actionNames } from '../../routes/route.ts';
import { openTestActions } from './testing/open-test-actions.ts';

test('the changes that can be switched off are those of the audit that the console makes', () => {
  const audited = auditedActions.filter(({ programs }) => programs.includes('console')).map(({ name }) => name);
  assert.deepEqual(actionNames.toSorted(), audited.toSorted());
});

test('every change has a route, and every route that is not a change, a check or the carrying out of a plan only reads', async (t) => {
  const { routes } = await openTestActions(t);
  const changes = new Set(routes.flatMap(({ action }) => (action === undefined ? [] : [action])));
  assert.deepEqual([...changes].toSorted(), actionNames.toSorted());
  const others = routes.filter(({ method, action }) => method !== 'GET' && action === undefined);
  assert.deepEqual(
    others.map(({ path }) => path),
    ['/plans/:id/execute', '/connectors/:id/check'],
  );
});
