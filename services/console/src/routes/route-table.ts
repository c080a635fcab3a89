/** The one table of the console's API: each area gives its routes, and the server, the document and tests read it. */
import type { Route } from './route.ts';

/** What the routes of each area need. An area that is added has its dependencies here. */
export type RouteDependencies = object;

/** Creators only close over what they are given: the OpenAPI document is made without brokers. */
export function consoleRoutes(_dependencies: RouteDependencies): readonly Route[] {
  return composeRoutes([]);
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
