/**
 * `/__reference`: scripting faults, replacing keys, and looking at what arrived. Needs no key, so it is served only if
 * enabled.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { sendJson, sendProblem } from './answers.ts';
import type { ApiContext } from './api-context.ts';
import { isConnectorId, isKey, type ApiKey } from './api-keys.ts';
import type { Fault } from '../faults.ts';
import { buildRequestProblem } from './problem.ts';

const match = z.strictObject({
  connector: z.string().optional(),
  method: z.enum(['GET', 'PUT', 'POST', 'DELETE']).optional(),
  pathPrefix: z.string().startsWith('/').optional(),
});

const common = {
  match: match.optional(),
  times: z.int().min(1).optional(),
  rate: z.number().min(0).max(1).optional(),
};

const fault = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    retryAfterSeconds: z.int().min(0).optional(),
    ...common,
  }),
  z.strictObject({ kind: z.literal('delay'), delayMs: z.int().min(0).max(600_000), ...common }),
  z.strictObject({ kind: z.literal('hang'), ...common }),
  z.strictObject({ kind: z.literal('cut'), ...common }),
  z.strictObject({ kind: z.literal('lose-answer'), ...common }),
]);

const script = z.strictObject({ seed: z.int().optional(), faults: z.array(fault).default([]) });

const keys = z.strictObject({
  apiKeys: z
    .array(z.strictObject({ connector: z.string().refine(isConnectorId), key: z.string().refine(isKey) }))
    .refine((all) => new Set(all.map(({ key }) => key)).size === all.length, 'a key is given twice'),
});

const callsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});

/** `replaceApiKeys`: takes these keys from then on, and no others. */
export function registerControlRoutes(
  app: FastifyInstance,
  { faults, calls, counters }: ApiContext,
  replaceApiKeys: (apiKeys: readonly ApiKey[]) => void,
): void {
  app.get('/__reference/faults', (_request, reply) => sendJson(reply, JSON.stringify({ faults: faults.list() })));

  app.post('/__reference/faults', (request, reply) => {
    const parsed = script.safeParse(request.body);
    if (!parsed.success) return refuse(reply, parsed.error);
    if (parsed.data.seed !== undefined) faults.seed(parsed.data.seed);
    // zod's optional members may also be undefined, which means the same to `Faults`.
    const ids = faults.add(...(parsed.data.faults as readonly Fault[]));
    return sendJson(reply, JSON.stringify({ ids }));
  });

  app.delete('/__reference/faults', (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });

  app.put('/__reference/api-keys', (request, reply) => {
    const parsed = keys.safeParse(request.body);
    if (!parsed.success) return refuse(reply, parsed.error);
    replaceApiKeys(parsed.data.apiKeys);
    return reply.code(204).send();
  });

  app.get('/__reference/calls', (request, reply) => {
    const parsed = callsQuery.safeParse(request.query);
    if (!parsed.success) return refuse(reply, parsed.error);
    return sendJson(reply, JSON.stringify(calls.page(parsed.data.after, parsed.data.limit)));
  });

  app.get('/__reference/counters', (_request, reply) => sendJson(reply, JSON.stringify(counters.read())));
}

function refuse(reply: FastifyReply, error: z.ZodError): FastifyReply {
  const errors = error.issues.map(({ path, message }) => ({ pointer: `/${path.join('/')}`, detail: message }));
  return sendProblem(reply, buildRequestProblem('invalid-request', errors));
}
