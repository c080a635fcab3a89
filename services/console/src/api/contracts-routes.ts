import { z } from 'zod';
import type { Reads } from '../read/open-reads.ts';
import { doctorShape, schemasShape, topicsShape } from '../read/shapes/contracts.ts';
import type { Route } from '../routes/route.ts';
import { json, readRoute } from './read-route.ts';

export function contractsRoutes(reads: () => Pick<Reads, 'contracts'>): readonly Route[] {
  return [
    readRoute({
      path: '/topics',
      summary: 'Topics as declared, and what differs on the brokers',
      query: z.object({}),
      answer: topicsShape,
      handle: async () => json(await reads().contracts.topics()),
    }),
    readRoute({
      path: '/schemas',
      summary: 'Command schemas of this build, and what the registry has',
      query: z.object({}),
      answer: schemasShape,
      handle: async () => json(await reads().contracts.schemas()),
    }),
    readRoute({
      path: '/doctor',
      summary: 'What is wrong, what it means, and what to do',
      query: z.object({}),
      answer: doctorShape,
      handle: async () => json(await reads().contracts.doctor()),
    }),
  ];
}
