/**
 * A command → the one HTTP request that carries it out, without the key that authorises it. Pure; contract:
 * `../openapi/astrolabe.yaml`.
 */
import { stringifyJson, type JsonObject } from '@astrolabe/json';
import type { Command } from './generated/commands.ts';

export interface ApiRequest {
  readonly method: 'PUT' | 'POST' | 'DELETE';
  /** Path and query below the API's base URL, percent-encoded. */
  readonly path: string;
  /** The path as the contract writes it, without anybody's ids. */
  readonly template: string;
  /** JSON text; undefined for a request without a body. */
  readonly body: string | undefined;
  /**
   * The delivery's id as the structured-field string that the IETF's Idempotency-Key draft asks for: quoted. Undefined
   * for bulk calls.
   */
  readonly idempotencyKey: string | undefined;
}

/**
 * `deliveryId` as of `deliveryIdOf`. The id in the body stays the command's own, so that an event that is sent again is
 * not recorded twice.
 */
export function toApiRequest({ kind, record }: Command, deliveryId = record.commandId): ApiRequest {
  const idempotencyKey = `"${deliveryId}"`;
  const occurredAt = new Date(record.occurredAt).toISOString();
  switch (kind) {
    case 'UpsertUser':
      return {
        method: 'PUT',
        path: `/v1/users/${pathSegment(record.userId)}`,
        template: '/v1/users/{userId}',
        body: json({ occurredAt, properties: record.properties }),
        idempotencyKey,
      };
    case 'UpsertAccount':
      return {
        method: 'PUT',
        path: `/v1/accounts/${pathSegment(record.accountId)}`,
        template: '/v1/accounts/{accountId}',
        body: json({ occurredAt, properties: record.properties }),
        idempotencyKey,
      };
    case 'AssociateUser':
      return {
        method: 'PUT',
        path: `/v1/accounts/${pathSegment(record.accountId)}/users/${pathSegment(record.userId)}`,
        template: '/v1/accounts/{accountId}/users/{userId}',
        body: json({ occurredAt }),
        idempotencyKey,
      };
    case 'TrackEvent':
      return {
        method: 'POST',
        path: '/v1/events',
        template: '/v1/events',
        body: json({
          id: record.commandId,
          event: record.event,
          // Only a user has properties to set: the contract refuses them for a visitor.
          ...(record.userId === null ? {} : { userId: record.userId, userProperties: record.userProperties }),
          ...(record.anonymousId === null ? {} : { anonymousId: record.anonymousId }),
          occurredAt,
          properties: record.properties,
        }),
        idempotencyKey,
      };
    case 'DeleteUser':
      return {
        method: 'DELETE',
        path: `/v1/users/${pathSegment(record.userId)}?occurredAt=${encodeURIComponent(occurredAt)}`,
        template: '/v1/users/{userId}',
        body: undefined,
        idempotencyKey,
      };
  }
}

function json(body: JsonObject): string {
  return stringifyJson(body);
}

/**
 * One path segment. `.` and `..` are encoded too: left as they are, a proxy would take them for steps in the path and
 * another resource would be called. An unpaired surrogate cannot come here: Avro holds well-formed text only.
 */
function pathSegment(id: string): string {
  return id === '.' || id === '..' ? id.replaceAll('.', '%2E') : encodeURIComponent(id.toWellFormed());
}
