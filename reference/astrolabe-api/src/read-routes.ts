import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { stringifyJson, type JsonObject, type JsonValue } from '@astrolabe/schemas';
import { sendJson, sendProblem } from './answers.ts';
import type { ApiContext } from './api-context.ts';
import { applyFaults, loseAnswer } from './apply-faults.ts';
import type { Entity } from './entity-store.ts';
import type { RecordedEvent } from './event-store.ts';
import type { Membership } from './membership-store.ts';
import { defaultPageSize, maxPageSize, readCursor, readPage, type Page } from './pages.ts';
import { parsePathIds } from './parse-command.ts';
import { buildProblem, buildRequestProblem, type Problem } from './problem.ts';
import { toTimestamp } from './timestamp.ts';

interface ReadRoute {
  Params: Record<string, string>;
  Querystring: Record<string, string | string[]>;
}

type ReadRequest = FastifyRequest<ReadRoute>;

/** JSON to answer with, a problem, or undefined where nothing is there. */
type Reading = { readonly json: JsonValue } | { readonly problem: Problem } | undefined;

/** Before every time that has a timestamp. */
const beforeAllTimes = Number.MIN_SAFE_INTEGER;

export function registerReadRoutes(app: FastifyInstance, context: ApiContext): void {
  const { entities, memberships, events } = context.state;

  const get = (path: string, read: (request: ReadRequest) => Reading) =>
    app.get<ReadRoute>(path, async (request, reply) => answerRead(context, request, reply, read));

  get('/v1/users/:userId', ({ connector, params }) => {
    const user = entities.get(connector, 'user', params['userId'] ?? '');
    return user && { json: userToJson(user) };
  });
  get('/v1/users', (request) =>
    idPage(
      request,
      (after, limit) => entities.list(request.connector, 'user', after, limit),
      userToJson,
      ({ id }) => id,
    ),
  );
  get('/v1/accounts/:accountId', ({ connector, params }) => {
    const account = entities.get(connector, 'account', params['accountId'] ?? '');
    return account && { json: accountToJson(account) };
  });
  get('/v1/accounts', (request) =>
    idPage(
      request,
      (after, limit) => entities.list(request.connector, 'account', after, limit),
      accountToJson,
      ({ id }) => id,
    ),
  );
  get('/v1/accounts/:accountId/users', (request) => {
    const accountId = request.params['accountId'] ?? '';
    if (entities.get(request.connector, 'account', accountId) === undefined) return undefined;
    return idPage(
      request,
      (after, limit) => memberships.list(request.connector, accountId, after, limit),
      memberToJson,
      ({ userId }) => userId,
    );
  });
  get('/v1/events', ({ connector, query }) => {
    const limit = readLimit(query['limit']);
    const cursor = query['cursor'];
    const after: readonly [number, string] | undefined =
      cursor === undefined ? [beforeAllTimes, ''] : readCursor(single(cursor), ['number', 'string'] as const);
    if (limit === undefined || after === undefined) return { problem: pageProblem() };
    const filter = { userId: optional(query['userId']), anonymousId: optional(query['anonymousId']) };
    const [occurredAtMs, id] = after;
    const page = readPage(
      limit,
      (count) => events.list(connector, filter, { occurredAtMs, id }, count),
      (event) => [event.occurredAtMs, event.id],
    );
    return { json: pageToJson(page, eventToJson) };
  });
}

async function answerRead(
  context: ApiContext,
  request: ReadRequest,
  reply: FastifyReply,
  read: (request: ReadRequest) => Reading,
): Promise<FastifyReply | undefined> {
  const idProblem = parsePathIds(request.params);
  if (idProblem !== undefined) return sendProblem(reply, idProblem);
  const fault = await applyFaults(context, request, reply);
  if (fault === 'ended') return undefined;
  if (fault === 'lose-answer') {
    loseAnswer(request, reply);
    return undefined;
  }
  const reading = read(request);
  if (reading === undefined) return sendProblem(reply, buildProblem(404, 'not-found', 'nothing has this id here'));
  if ('problem' in reading) return sendProblem(reply, reading.problem);
  return sendJson(reply, stringifyJson(reading.json));
}

function idPage<Item>(
  { query }: ReadRequest,
  read: (afterId: string, limit: number) => readonly Item[],
  toJson: (item: Item) => JsonValue,
  idOf: (item: Item) => string,
): Reading {
  const limit = readLimit(query['limit']);
  const cursor = query['cursor'];
  const after = cursor === undefined ? ([''] as const) : readCursor(single(cursor), ['string']);
  if (limit === undefined || after === undefined) return { problem: pageProblem() };
  const page = readPage(
    limit,
    (count) => read(after[0], count),
    (item) => [idOf(item)],
  );
  return { json: pageToJson(page, toJson) };
}

function readLimit(text: string | string[] | undefined): number | undefined {
  if (text === undefined) return defaultPageSize;
  const limit = /^[0-9]{1,4}$/.test(single(text)) ? Number(text) : 0;
  return limit >= 1 && limit <= maxPageSize ? limit : undefined;
}

function pageProblem(): Problem {
  return buildRequestProblem('invalid-request', [
    { pointer: 'cursor', detail: 'must be a nextCursor of this list' },
    { pointer: 'limit', detail: `must be a whole number from 1 to ${maxPageSize}` },
  ]);
}

/** A parameter that was given more than once has no meaning here, and fits nothing. */
function single(value: string | string[]): string {
  return typeof value === 'string' ? value : '';
}

function optional(value: string | string[] | undefined): string | undefined {
  return value === undefined ? undefined : single(value);
}

function pageToJson<Item>({ items, nextCursor }: Page<Item>, toJson: (item: Item) => JsonValue): JsonValue {
  return { items: items.map(toJson), nextCursor };
}

function userToJson({ id, ...entity }: Entity): JsonObject {
  return { userId: id, ...entityToJson(entity) };
}

function accountToJson({ id, ...entity }: Entity): JsonObject {
  return { accountId: id, ...entityToJson(entity) };
}

function entityToJson({ properties, occurredAtMs }: Omit<Entity, 'id'>): JsonObject {
  return {
    // Made from entries, so that a property named __proto__ is one.
    properties: Object.fromEntries(properties.map(([name, value]) => [name, value])),
    propertyTimes: Object.fromEntries(properties.map(([name, , atMs]) => [name, toTimestamp(atMs)])),
    occurredAt: toTimestamp(occurredAtMs),
  };
}

function memberToJson({ userId, occurredAtMs }: Membership): JsonObject {
  return { userId, occurredAt: toTimestamp(occurredAtMs) };
}

function eventToJson({
  id,
  event,
  userId,
  anonymousId,
  occurredAtMs,
  properties,
  userProperties,
}: RecordedEvent): JsonObject {
  return {
    id,
    event,
    ...(userId === null ? {} : { userId }),
    ...(anonymousId === null ? {} : { anonymousId }),
    occurredAt: toTimestamp(occurredAtMs),
    properties,
    ...(userProperties === null ? {} : { userProperties }),
  };
}
