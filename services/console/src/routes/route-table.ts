/** The one table of the console's API: each area gives its routes, and the server, the document and tests read it. */
import type { ActionContext } from '../api/actions/action-context.ts';
import { actionRoutes } from '../api/actions/action-routes.ts';
import { readRoutes } from '../api/read-routes.ts';
import type { Reads } from '../read/open-reads.ts';
import type { Route } from './route.ts';

/** What the routes of each area need. An area that is added has its dependencies here. */
export interface RouteDependencies {
  readonly reads: () => Reads;
  readonly actions: ActionContext;
}

/** Creators only close over what they are given, so that the table can be read without brokers. */
export function consoleRoutes({ reads, actions }: RouteDependencies): readonly Route[] {
  return composeRoutes([...readRoutes(reads), actionRoutes(actions)]);
}

/** The table for its document and for tests of who may do what: no handler of it works. */
export function documentedRoutes(): readonly Route[] {
  return consoleRoutes(unusable('dependency') as RouteDependencies);
}

/** Throws a TypeError for two routes of one method and path: the second would never be reached. */
export function composeRoutes(areas: readonly (readonly Route[])[]): readonly Route[] {
  const routes = areas.flat();
  const seen = new Set<string>();
  for (const { method, path } of routes) {
    const key = `${method} ${path.replaceAll(/:[^/]+/g, ':')}`;
    if (seen.has(key)) throw new TypeError(`two routes answer ${method} ${path}`);
    seen.add(key);
  }
  return routes;
}

/** Can be taken apart and passed on, and throws as soon as somebody calls it. */
function unusable(name: string): object {
  return new Proxy(() => undefined, {
    get: (_target, key) => unusable(`${name}.${String(key)}`),
    apply: () => {
      throw new TypeError(
        `${name} was called while the route table was read: routes use what they need in handlers only`,
      );
    },
  });
}
