import { z } from 'zod';
import type { Reads } from '../read/open-reads.ts';
import { replayPageShape, replaysShape } from '../read/shapes/replays.ts';
import type { Route } from '../routes/route.ts';
import { json, readRoute, refused } from './read-route.ts';

export function replaysRoutes(reads: () => Pick<Reads, 'replays'>): readonly Route[] {
  return [
    readRoute({
      path: '/replays',
      summary: 'All replays, in the order of their start',
      query: z.object({}),
      answer: replaysShape,
      handle: async () => json({ replays: await reads().replays.list() }),
    }),
    readRoute({
      path: '/replays/stream',
      summary: 'All replays at the start and after each change, as events `replays`',
      query: z.object({ lastEventId: z.string().max(100).optional() }),
      answer: replaysShape,
      answers: 'stream',
      handle: (_query, { signal }) => ({ kind: 'stream', events: reads().replays.changes(signal) }),
    }),
    readRoute({
      path: '/replays/:id',
      summary: 'One replay, with its progress on each partition',
      query: z.object({}),
      answer: replayPageShape,
      handle: async (_query, { params }) => {
        const id = params['id'] ?? '';
        const replay = await reads().replays.one(id);
        if (replay.kind === 'ready' && replay.value === undefined) {
          return refused(404, 'console.replay-unknown', `no replay has the id "${id}"; the list of replays has all`);
        }
        return json({ replay });
      },
    }),
  ];
}
