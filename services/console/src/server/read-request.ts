/** A request as its route says that it is: query and body by the route's schemas. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Refused } from '../core/http/problem.ts';
import { readQuery } from '../core/http/read-query.ts';
import type { ApiRequest, Route } from '../routes/route.ts';

export type RequestReading =
  | { readonly kind: 'read'; readonly parts: Pick<ApiRequest, 'query' | 'body'> }
  | { readonly kind: 'refused'; readonly refused: Refused };

export function readRequest(route: Route, request: Pick<FastifyRequest, 'url' | 'headers' | 'body'>): RequestReading {
  const reading = readQuery(request.url);
  if (reading.kind === 'repeated') return refuse(`the query has "${reading.name}" more than once; send one value`);
  const isStream = route.answers === 'stream';
  const query = { ...reading.query };
  const lastEventId = request.headers['last-event-id'];
  // Browsers send the header by themselves when they connect again, with the address that the page gave first.
  if (isStream && typeof lastEventId === 'string') query['lastEventId'] = lastEventId;
  const known = namesOf(route.query);
  const unknown = Object.keys(query).find((name) => !known.has(name) && !(isStream && name === 'lastEventId'));
  if (unknown !== undefined) {
    const taken = [...known].join(', ') || 'none';
    return refuse(`the query has "${unknown}", which this path does not take; it takes ${taken}`);
  }
  const checkedQuery = route.query?.safeParse(query);
  if (checkedQuery?.success === false) return refuse(`the query is not valid: ${z.prettifyError(checkedQuery.error)}`);
  if (route.body === undefined) {
    return request.body === undefined || isEmptyObject(request.body)
      ? { kind: 'read', parts: { query, body: undefined } }
      : refuse('this path takes no body; send none');
  }
  const checkedBody = route.body.safeParse(request.body);
  if (!checkedBody.success) return refuse(`the body is not valid: ${z.prettifyError(checkedBody.error)}`);
  return { kind: 'read', parts: { query, body: checkedBody.data } };
}

function refuse(message: string): RequestReading {
  return { kind: 'refused', refused: { status: 400, code: 'console.request-invalid', message } };
}

function namesOf(query: Route['query']): ReadonlySet<string> {
  if (query === undefined) return new Set();
  if (!(query instanceof z.ZodObject)) throw new TypeError('the schema of a query is an object');
  return new Set(Object.keys(query.shape));
}

function isEmptyObject(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.keys(body).length === 0;
}
