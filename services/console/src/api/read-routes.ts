/** The GET routes of the reads, area by area. */
import type { Reads } from '../read/open-reads.ts';
import type { Route } from '../routes/route.ts';
import { connectorsRoutes } from './connectors-routes.ts';
import { contractsRoutes } from './contracts-routes.ts';
import { deadLettersRoutes } from './dead-letters-routes.ts';
import { lagRoutes } from './lag-routes.ts';
import { liveRoutes } from './live-routes.ts';
import { overviewRoutes } from './overview-routes.ts';
import { replaysRoutes } from './replays-routes.ts';
import { trailRoutes } from './trail-routes.ts';

/** Only closes over what it is given: the reads are asked for when a route is, and the document is made without any. */
export function readRoutes(reads: () => Omit<Reads, 'close'>): readonly (readonly Route[])[] {
  return [
    overviewRoutes(reads),
    liveRoutes(reads),
    trailRoutes(reads),
    connectorsRoutes(reads),
    deadLettersRoutes(reads),
    replaysRoutes(reads),
    lagRoutes(reads),
    contractsRoutes(reads),
  ];
}
