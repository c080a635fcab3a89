import { z } from 'zod';
import type { Reads } from '../read/open-reads.ts';
import { trailKinds, trailShape, type TrailKind } from '../read/shapes/trail.ts';
import type { Route } from '../routes/route.ts';
import { json, readRoute, refused } from './read-route.ts';

const MAX_DAYS = 30;

const query = z.object({
  /** Of a user: at this connector only. */
  connector: z.string().min(1).max(63).optional(),
  days: z.coerce.number().int().min(1).max(MAX_DAYS).default(7),
});

export function trailRoutes(reads: () => Pick<Reads, 'trail'>): readonly Route[] {
  return [
    readRoute({
      path: '/trail/:kind/:id',
      role: 'reader',
      summary: 'Every hop of a message, a command or a user, with what became of it',
      query,
      answer: trailShape,
      handle: async ({ connector, days }, { params, signal }) => {
        const kind = trailKinds.find((each) => each === params['kind']);
        const id = params['id'] ?? '';
        if (kind === undefined || id === '') return unknownKind(params['kind'] ?? '');
        const outcome = await reads().trail.trail({ kind, id, connector, days }, signal);
        switch (outcome.kind) {
          case 'found':
            return json(outcome.found);
          case 'busy':
            return refused(429, 'console.busy', 'as many searches as may wait are waiting; try again in a minute');
          case 'too-long':
            return refused(503, 'console.search-too-long', tooLong(kind, days));
        }
      },
    }),
  ];
}

function unknownKind(kind: string) {
  return refused(404, 'console.not-found', `there are trails of ${trailKinds.join(', ')}, and not of "${kind}"`);
}

function tooLong(kind: TrailKind, days: number): string {
  const narrower = kind === 'user' ? 'fewer days, or one connector' : 'fewer days';
  return `the search over ${days} days took more than a minute and was given up; ask for ${narrower}, or use "astrolabe trace"`;
}
