import { z } from 'zod';
import type { Reads } from '../read/open-reads.ts';
import { lagHistoryShape, lagShape } from '../read/shapes/lag.ts';
import type { Route } from '../routes/route.ts';
import { json, readRoute } from './read-route.ts';

const historyQuery = z.object({
  service: z.enum(['mapper', 'dispatcher']).default('dispatcher'),
  partition: z.coerce.number().int().min(0).max(100_000).optional(),
  /** Its share of what is not read; without the partition. */
  connector: z.string().min(1).max(200).optional(),
});

export function lagRoutes(reads: () => Pick<Reads, 'lag'>): readonly Route[] {
  return [
    readRoute({
      path: '/lag',
      summary: 'How far each service is behind, by partition and connector',
      query: z.object({}),
      answer: lagShape,
      handle: () => json({ lag: reads().lag.lag() }),
    }),
    readRoute({
      path: '/lag/history',
      summary: 'The lag of the last six hours, of a service, a partition or a connector',
      query: historyQuery,
      answer: lagHistoryShape,
      handle: (series) => json(reads().lag.history(series)),
    }),
  ];
}
