/**
 * Many commands → one `POST /v1/commands`, and its answer → one answer for each. Pure; contract:
 * schemas/openapi/astrolabe.yaml.
 */
import { stringifyJson, type Command, type JsonObject } from '@astrolabe/schemas';
import type { ApiRequest } from './api-request.ts';
import type { ApiOutcome, ApiResponse } from './classify-response.ts';

/**
 * One command as an item of a bulk call: JSON text. Its id is the key of the item, and of a tracked event the id of the
 * event as well.
 */
export function toBulkItem(command: Command, deliveryId = command.record.commandId): string {
  return stringifyJson(itemOf(command, deliveryId));
}

/** Each spelled out: putting an object together from others costs as much as writing it. */
function itemOf({ kind, record }: Command, id: string): JsonObject {
  const occurredAt = new Date(record.occurredAt).toISOString();
  switch (kind) {
    case 'UpsertUser':
      return { id, occurredAt, kind: 'upsertUser', userId: record.userId, properties: record.properties };
    case 'UpsertAccount':
      return { id, occurredAt, kind: 'upsertAccount', accountId: record.accountId, properties: record.properties };
    case 'AssociateUser':
      return { id, occurredAt, kind: 'associateUser', accountId: record.accountId, userId: record.userId };
    case 'TrackEvent': {
      const { event, userId, anonymousId, properties, userProperties } = record;
      // Only a user has properties to set: the contract refuses them for a visitor.
      const ofUser = userId === null ? {} : { userId, userProperties };
      const ofVisitor = anonymousId === null ? {} : { anonymousId };
      return { id, occurredAt, kind: 'trackEvent', event, ...ofUser, ...ofVisitor, properties };
    }
    case 'DeleteUser':
      return { id, occurredAt, kind: 'deleteUser', userId: record.userId };
  }
}

/** The items' own ids are their idempotency keys. */
export function toBulkRequest(items: readonly string[]): ApiRequest {
  const path = '/v1/commands';
  const body = `{"commands":[${items.join(',')}]}`;
  return { method: 'POST', path, template: path, body, idempotencyKey: undefined };
}

/**
 * What the answer says of each command, in their order, in the form that a call for it alone would have had; undefined
 * where the answer says nothing of single commands: then it is that of all.
 */
export function readBulkOutcomes(
  outcome: ApiOutcome,
  commandIds: readonly string[],
): readonly ApiOutcome[] | undefined {
  if (outcome.kind === 'no-response' || outcome.status < 200 || outcome.status > 299) return undefined;
  const results = readResults(outcome);
  if (results?.length !== commandIds.length) return commandIds.map(() => unreadable);
  return results.map((result, index) => toOutcome(result, commandIds[index]));
}

/** Whether they were executed is unknown, so they are called for again; their ids make that safe. */
const unreadable: ApiOutcome = {
  kind: 'no-response',
  reason: 'connection',
  message: 'the answer to the bulk call does not have a result for each command',
};

function readResults({ body }: ApiResponse): readonly unknown[] | undefined {
  try {
    const parsed = JSON.parse(body) as unknown;
    const results: unknown =
      typeof parsed === 'object' && parsed !== null ? (parsed as JsonObject)['results'] : undefined;
    return Array.isArray(results) ? (results as unknown[]) : undefined;
  } catch {
    return undefined;
  }
}

function toOutcome(result: unknown, commandId: string | undefined): ApiOutcome {
  if (typeof result !== 'object' || result === null) return unreadable;
  const { id, status, replayed, problem } = result as Record<string, unknown>;
  if (id !== commandId || typeof status !== 'number' || !Number.isInteger(status)) return unreadable;
  return {
    kind: 'response',
    status,
    headers: replayed === true ? replayedHeaders : noHeaders,
    body: problem === undefined ? '' : JSON.stringify(problem),
  };
}

const replayedHeaders = Object.freeze({ 'idempotency-replayed': 'true' });
const noHeaders = Object.freeze({});
