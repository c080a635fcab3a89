import { parseDeadLetterPosition } from '@astrolabe/operations';
import { z } from 'zod';
import type { IndexFilter } from '../read/dead-letters/core/dead-letter-index.ts';
import { parseCursor } from '../read/dead-letters/core/page-cursor.ts';
import type { Reads } from '../read/open-reads.ts';
import {
  deadLetterGroupsShape,
  deadLetterRecordsShape,
  deadLetterShape,
  decisionStates,
} from '../read/shapes/dead-letters.ts';
import type { ApiAnswer, Route } from '../routes/route.ts';
import { json, readRoute, refused } from './read-route.ts';

const MAX_PAGE = 500;

const time = z.iso.datetime({ offset: true, error: 'expected a time such as 2026-11-24T10:00:00Z' });

const groupsQuery = z.object({
  /** `events` or `commands`: of which topic they are dead letters. */
  topic: z.enum(['events', 'commands']).optional(),
  connector: z.string().min(1).max(200).optional(),
  code: z.string().min(1).max(200).optional(),
  from: time.optional(),
  to: time.optional(),
});

const recordsQuery = groupsQuery.extend({
  state: z.enum(decisionStates).default('waiting'),
  /** `next` of the page before. */
  after: z.string().max(20_000).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(100),
});

type Deps = Pick<Reads, 'deadLetters' | 'topics'>;

export function deadLettersRoutes(reads: () => Deps): readonly Route[] {
  return [
    readRoute({
      path: '/dead-letters',
      summary: 'Dead letters by cause and connector',
      query: groupsQuery,
      answer: deadLetterGroupsShape,
      handle: (query) => json(reads().deadLetters.groups(toFilter(query))),
    }),
    readRoute({
      path: '/dead-letters/records',
      summary: 'A page of dead letters, newest first: where each is, and its cause',
      query: recordsQuery,
      answer: deadLetterRecordsShape,
      handle: ({ state, after, limit, ...query }) => {
        const bounds = after === undefined ? undefined : parseCursor(after);
        if (after !== undefined && bounds === undefined) {
          return refused(400, 'console.request-invalid', '"after" is not the "next" of a page; begin without it');
        }
        return json(reads().deadLetters.records({ ...toFilter(query), state }, bounds, limit));
      },
    }),
    readRoute({
      path: '/dead-letters/:topic/:partition/:offset',
      role: 'reader',
      summary: 'One dead letter in full, with what its cause means and who has to act',
      query: z.object({}),
      answer: deadLetterShape,
      handle: (_query, { params, signal }) => one(reads(), params, signal),
    }),
  ];
}

function toFilter({ topic, connector, code, from, to }: z.output<typeof groupsQuery>): IndexFilter {
  return {
    role: topic,
    connector,
    code,
    fromMs: from === undefined ? undefined : Date.parse(from),
    toMs: to === undefined ? undefined : Date.parse(to),
  };
}

async function one(
  { deadLetters, topics }: Deps,
  { topic = '', partition = '', offset = '' }: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const position = parseDeadLetterPosition(topics, `${partition}:${offset}`, topic);
  if (position === undefined) {
    const message = `${topic}/${partition}/${offset} names no dead letter; a position is events or commands, a partition and an offset`;
    return refused(404, 'console.dead-letter-unknown', message);
  }
  const found = await deadLetters.one(position, signal);
  switch (found.kind) {
    case 'found':
      return json(found.deadLetter);
    case 'not-found': {
      const { lowWatermark, highWatermark } = found.bounds;
      const message = `${position.topic}[${partition}] has no record at offset ${offset}; it holds ${lowWatermark} to ${highWatermark - 1n}`;
      return refused(404, 'console.dead-letter-unknown', message);
    }
    case 'unknown-partition':
      return refused(404, 'console.dead-letter-unknown', `${found.topic} has partitions 0 to ${found.partitions - 1}`);
    case 'several-starts':
      return refused(400, 'console.request-invalid', 'a position has one offset');
  }
}
