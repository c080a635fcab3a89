import { z } from 'zod';
import type { Reads } from '../read/open-reads.ts';
import { overviewShape, periods } from '../read/shapes/overview.ts';
import type { Route } from '../routes/route.ts';
import { json, readRoute } from './read-route.ts';

const query = z.object({ period: z.enum(periods).default('1h') });
const streamQuery = query.extend({ lastEventId: z.string().max(100).optional() });

export function overviewRoutes(reads: () => Pick<Reads, 'overview'>): readonly Route[] {
  return [
    readRoute({
      path: '/overview',
      summary: 'What became of the events of a period, and how the pipeline is',
      query,
      answer: overviewShape,
      handle: ({ period }) => json(reads().overview.overview(period)),
    }),
    readRoute({
      path: '/overview/stream',
      summary: 'The overview every two seconds, as events `overview`',
      query: streamQuery,
      answer: overviewShape,
      answers: 'stream',
      handle: ({ period }, { signal }) => ({ kind: 'stream', events: reads().overview.changes(period, signal) }),
    }),
  ];
}
