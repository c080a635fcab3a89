import { z } from 'zod';
import type { LiveTopic } from '../read/live/core/live-item.ts';
import { liveStream } from '../read/live/live-stream.ts';
import type { Reads } from '../read/open-reads.ts';
import { liveEventShape, liveTopics } from '../read/shapes/live.ts';
import type { Route } from '../routes/route.ts';
import { readRoute, refused } from './read-route.ts';

/** Each has a bounded queue of rows. */
const MAX_STREAMS = 200;
const MAX_TEXT = 1_000;

const text = z.string().min(1).max(MAX_TEXT).optional();

const query = z.object({
  /** Separated by commas; default: all. */
  topics: z
    .string()
    .refine((names) => names.split(',').every(isTopic), { error: `expected some of ${liveTopics.join(', ')}` })
    .optional(),
  connector: text,
  type: text,
  event: text,
  user: text,
  id: text,
  text,
  lastEventId: z.string().max(100).optional(),
});

export function liveRoutes(reads: () => Pick<Reads, 'live' | 'clock' | 'processId'>): readonly Route[] {
  return [
    readRoute({
      path: '/live/stream',
      role: 'reader',
      summary: 'Events, commands, deliveries and dead letters as they come, as events `rows` and `state`',
      query,
      answer: liveEventShape,
      answers: 'stream',
      handle: ({ topics, lastEventId, ...filter }, { signal }) => {
        const { live, clock, processId } = reads();
        if (live.watchers >= MAX_STREAMS) {
          const message = `${MAX_STREAMS} live views are open, which is the most; close one, or try again later`;
          return refused(429, 'console.busy', message);
        }
        const chosen = new Set<LiveTopic>(topics === undefined ? liveTopics : topics.split(',').filter(isTopic));
        const events = liveStream({
          hub: live,
          filter: { topics: chosen, ...filter },
          processId,
          lastEventId,
          clock,
          signal,
        });
        return { kind: 'stream', events };
      },
    }),
  ];
}

function isTopic(name: string): name is LiveTopic {
  return liveTopics.some((topic) => topic === name);
}
