/** A GET route whose query is read with its own schema, so that its handler gets values and not text. */
import { isPipelineError } from '@astrolabe/service-kit/errors';
import type { z, ZodObject, ZodType } from 'zod';
import type { ApiAnswer, ApiRequest, Refusal, Role, Route } from '../routes/route.ts';

export interface ReadRoute<Query extends ZodObject> {
  readonly path: string;
  readonly role?: Role;
  readonly summary: string;
  readonly query: Query;
  readonly answer: ZodType;
  readonly answers?: NonNullable<Route['answers']>;
  readonly handle: (query: z.output<Query>, request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>;
}

export function readRoute<Query extends ZodObject>({ handle, role = 'viewer', ...route }: ReadRoute<Query>): Route {
  return {
    method: 'GET',
    role,
    ...route,
    handle: async (request) => {
      try {
        return await handle(route.query.parse(request.query), request);
      } catch (error) {
        // What it needs is away: that is data for the page, and the console itself is in order.
        if (isPipelineError(error)) return refused(503, error.code, error.message);
        throw error;
      }
    },
  };
}

export function json(body: object): ApiAnswer {
  return { kind: 'json', body };
}

export function refused(status: Refusal['status'], code: string, message: string): Refusal {
  return { kind: 'refused', status, code, message };
}
