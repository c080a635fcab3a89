import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { stringifyJson, type JsonObject, type JsonValue } from '@astrolabe/schemas';
import { sendJson, sendProblem } from './answers.ts';
import type { ApiContext } from './api-context.ts';
import { applyFaults, loseAnswer } from './apply-faults.ts';
import type { Entity } from '../store/entity-store.ts';
import type { RecordedEvent } from '../store/event-store.ts';
import type { Membership } from '../store/membership-store.ts';
import { cursorParameter, defaultPageSize, limitParameter, readPage, type Page } from './pages.ts';
import { idParameter, parsePathIds } from '../commands/parse-command.ts';
import { buildProblem } from './problem.ts';
import { readQuery, type QueryReaders, type QueryValues } from './read-query.ts';
import { toTimestamp } from '../commands/timestamp.ts';

interface ReadRoute {
  Params: Record<string, string>;
}

type ReadRequest = FastifyRequest<ReadRoute>;

/** The JSON of the answer, or undefined if nothing is there. */
type Reading = JsonValue | undefined;

const noParameters = {};
const idListParameters = { cursor: cursorParameter(['string']), limit: limitParameter };
const eventListParameters = {
  userId: idParameter,
  anonymousId: idParameter,
  cursor: cursorParameter(['number', 'string']),
  limit: limitParameter,
};

/** Before every time that has a timestamp. */
const beforeAllTimes = Number.MIN_SAFE_INTEGER;

export function registerReadRoutes(app: FastifyInstance, context: ApiContext): void {
  const { entities, memberships, events } = context.state;

  const get = <Readers extends QueryReaders>(
    path: string,
    readers: Readers,
    read: (request: ReadRequest, query: QueryValues<Readers>) => Reading,
  ) => app.get<ReadRoute>(path, async (request, reply) => answerRead(context, request, reply, readers, read));

  get('/v1/users/:userId', noParameters, ({ connector, params }) => {
    const user = entities.get(connector, 'user', params['userId'] ?? '');
    return user && userToJson(user);
  });
  get('/v1/users', idListParameters, ({ connector }, query) => {
    const page = idPage(
      query,
      (after, limit) => entities.list(connector, 'user', after, limit),
      ({ id }) => id,
    );
    return pageToJson(page, userToJson);
  });
  get('/v1/accounts/:accountId', noParameters, ({ connector, params }) => {
    const account = entities.get(connector, 'account', params['accountId'] ?? '');
    return account && accountToJson(account);
  });
  get('/v1/accounts', idListParameters, ({ connector }, query) => {
    const page = idPage(
      query,
      (after, limit) => entities.list(connector, 'account', after, limit),
      ({ id }) => id,
    );
    return pageToJson(page, accountToJson);
  });
  get('/v1/accounts/:accountId/users', idListParameters, ({ connector, params }, query) => {
    const accountId = params['accountId'] ?? '';
    if (entities.get(connector, 'account', accountId) === undefined) return undefined;
    const page = idPage(
      query,
      (after, limit) => memberships.list(connector, accountId, after, limit),
      ({ userId }) => userId,
    );
    return pageToJson(page, memberToJson);
  });
  get('/v1/events', eventListParameters, ({ connector }, query) => {
    const { userId, anonymousId, cursor = [beforeAllTimes, ''], limit = defaultPageSize } = query;
    const [occurredAtMs, id] = cursor;
    const page = readPage(
      limit,
      (count) => events.list(connector, { userId, anonymousId }, { occurredAtMs, id }, count),
      (event) => [event.occurredAtMs, event.id],
    );
    return pageToJson(page, eventToJson);
  });
}

async function answerRead<Readers extends QueryReaders>(
  context: ApiContext,
  request: ReadRequest,
  reply: FastifyReply,
  readers: Readers,
  read: (request: ReadRequest, query: QueryValues<Readers>) => Reading,
): Promise<FastifyReply | undefined> {
  const idProblem = parsePathIds(request.params);
  if (idProblem !== undefined) return sendProblem(reply, idProblem);
  const query = readQuery(request.url, readers);
  if (query.kind === 'problem') return sendProblem(reply, query.problem);
  const fault = await applyFaults(context, request, reply);
  if (fault === 'ended') return undefined;
  if (fault === 'lose-answer') {
    loseAnswer(request, reply);
    return undefined;
  }
  const reading = read(request, query.values);
  if (reading === undefined) return sendProblem(reply, buildProblem(404, 'not-found', 'nothing has this id here'));
  return sendJson(reply, stringifyJson(reading));
}

function idPage<Item>(
  { cursor: [afterId] = [''], limit = defaultPageSize }: QueryValues<typeof idListParameters>,
  read: (afterId: string, limit: number) => readonly Item[],
  idOf: (item: Item) => string,
): Page<Item> {
  return readPage(
    limit,
    (count) => read(afterId, count),
    (item) => [idOf(item)],
  );
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
    // Built from entries, so that a property named __proto__ is a normal one.
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
