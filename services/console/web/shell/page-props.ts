import type { Route } from '../core/routes.ts';

/** What every page is given. */
export interface PageProps {
  readonly route: Route;
}
