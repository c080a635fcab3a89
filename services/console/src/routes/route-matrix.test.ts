/** Who may do what: every route of the table with every role, asked over HTTP. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { consoleActionNames } from '@astrolabe/operations/audited-actions';
import { z } from 'zod';
import { includesRole } from '../core/access/roles.ts';
import { startTestConsole, type TestConsole } from '../testing/test-console.ts';
import { makeUsersFile } from '../testing/users.ts';
import { composeRoutes, documentedRoutes } from './route-table.ts';
import { roles, type Route } from './route.ts';

/** One of each kind, whatever the table has. */
const samples: readonly Route[] = roles.flatMap((role) => [
  sample({ method: 'GET', path: `/matrix/${role}`, role }),
  sample({ method: 'POST', path: `/matrix/${role}/:id`, role, action: 'redrive' }),
]);

/** As in the table, but for what they do: those who get through get `reached`. */
const table = composeRoutes([documentedRoutes(), samples]).map(({ method, path, role, action }): Route =>
  sample({ method, path, role, ...(action !== undefined && { action }) }),
);

function sample(route: Pick<Route, 'method' | 'path' | 'role' | 'action'>): Route {
  return {
    ...route,
    summary: 'Sample',
    answer: z.looseObject({}),
    handle: async () => ({ kind: 'json', body: { reached: true } }),
  };
}

async function statusOf(console: TestConsole, { method, path }: Route): Promise<string> {
  const { status, body } = await console.ask(method, path.replaceAll(/:\w+/g, 'x'));
  return status === 200 ? 'reached' : `${status} ${String((body as { readonly code?: string }).code)}`;
}

for (const role of roles) {
  test(`${role}: every route that needs this role or less is open, and no other`, async (t) => {
    const console = await startTestConsole(t, { routes: table, roles: `*=${role}` });
    for (const route of table) {
      const expected = includesRole(role, route.role) ? 'reached' : '403 console.role-missing';
      assert.equal(await statusOf(console, route), expected, `${route.method} ${route.path}`);
    }
  });
}

async function everyRouteIs(t: TestContext, console: TestConsole, expected: (route: Route) => string): Promise<void> {
  assert.ok(table.length >= samples.length, t.name);
  for (const route of table)
    assert.equal(await statusOf(console, route), expected(route), `${route.method} ${route.path}`);
}

test('somebody who is signed in without a role reaches no route', async (t) => {
  const console = await startTestConsole(t, { routes: table, roles: 'name:nobody=admin' });
  await everyRouteIs(t, console, () => '403 console.role-missing');
});

test('somebody who is not signed in reaches no route', async (t) => {
  const console = await startTestConsole(t, {
    routes: table,
    env: {
      CONSOLE_LOGIN: 'basic',
      CONSOLE_USERS_FILE: await makeUsersFile(t, ['ann']),
      CONSOLE_SESSION_SECRET: 'a secret of the console for its sessions',
    },
  });
  await everyRouteIs(t, console, () => '401 console.not-signed-in');
});

test('a console that is read-only refuses every change, and shows everything', async (t) => {
  const console = await startTestConsole(t, { routes: table, env: { CONSOLE_READ_ONLY: 'true' } });
  await everyRouteIs(t, console, ({ action }) => (action === undefined ? 'reached' : '403 console.read-only'));
});

for (const action of consoleActionNames) {
  test(`a console without "${action}" refuses that change, and no other`, async (t) => {
    const routes = [...table, sample({ method: 'PUT', path: '/matrix/switched-off', role: 'viewer', action })];
    const console = await startTestConsole(t, { routes, env: { CONSOLE_DISABLED_ACTIONS: action } });
    for (const route of routes) {
      const expected = route.action === action ? '403 console.action-off' : 'reached';
      assert.equal(await statusOf(console, route), expected, `${route.method} ${route.path}`);
    }
  });
}
