import { z } from 'zod';
import type { Reads } from '../read/open-reads.ts';
import { connectorShape, connectorsShape } from '../read/shapes/connectors.ts';
import type { Route } from '../routes/route.ts';
import { json, readRoute, refused } from './read-route.ts';

export function connectorsRoutes(reads: () => Pick<Reads, 'connectors'>): readonly Route[] {
  return [
    readRoute({
      path: '/connectors',
      summary: 'All connectors: their settings, how they are delivered to, and what waits',
      query: z.object({}),
      answer: connectorsShape,
      handle: async () => json(await reads().connectors.all()),
    }),
    readRoute({
      path: '/connectors/:id',
      summary: 'One connector, with its dead letters by cause',
      query: z.object({}),
      answer: connectorShape,
      handle: async (_query, { params }) => {
        const id = params['id'] ?? '';
        const found = await reads().connectors.one(id);
        if (found !== undefined) return json(found);
        return refused(
          404,
          'console.connector-unknown',
          `no connector has the id "${id}"; the list of connectors has all`,
        );
      },
    }),
  ];
}
