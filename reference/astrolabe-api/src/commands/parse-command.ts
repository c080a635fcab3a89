/**
 * Parses unknown JSON into a command, by the schemas of schemas/openapi/astrolabe.yaml. Written by hand rather than
 * compiled from the document, so that the two can be checked against each other (`contract.test.ts`), and because this
 * is the hot path.
 */
import { findPropertyDefects, type JsonObject, type JsonValue } from '@astrolabe/schemas';
import type { ApiCommand, ApiCommandKind } from './command.ts';
import { buildRequestProblem, type Problem, type RequestDefect } from '../http/problem.ts';
import { readQuery, type ParameterReader } from '../http/read-query.ts';
import { parseTimestamp } from './timestamp.ts';

const maxIdCharacters = 1_000;
const timestampForm = 'timestamp of RFC 3339, such as 2025-11-24T10:30:00.000Z';

export type CommandReading =
  { readonly kind: 'command'; readonly command: ApiCommand } | { readonly kind: 'problem'; readonly problem: Problem };

/** Reports each defect of a member's value; `pointer` is the member's. */
type Check = (value: JsonValue, pointer: string, report: (pointer: string, detail: string) => void) => void;

interface Member {
  readonly check: Check;
  readonly optional?: true;
}

type Shape = Readonly<Record<string, Member>>;

const id: Check = (value, pointer, report) => {
  const defect = typeof value === 'string' ? idDefect(value) : 'must be text';
  if (defect !== undefined) report(pointer, defect);
};
const commandId: Check = (value, pointer, report) => {
  if (typeof value !== 'string' || !isCommandId(value)) report(pointer, commandIdDefect);
};
const timestamp: Check = (value, pointer, report) => {
  if (typeof value !== 'string' || parseTimestamp(value) === undefined) {
    report(pointer, `must be a ${timestampForm}`);
  }
};
const eventName: Check = (value, pointer, report) => {
  if (typeof value !== 'string' || value === '') report(pointer, 'must be text that is not empty');
};
const properties: Check = (value, pointer, report) => {
  if (!isObject(value)) report(pointer, 'must be an object');
  else for (const defect of findPropertyDefects(value)) report(pointer + defect.path, defect.message);
};
const anything: Check = () => undefined;

const upsert: Shape = { occurredAt: { check: timestamp }, properties: { check: properties } };
const association: Shape = { occurredAt: { check: timestamp } };
const event: Shape = {
  id: { check: commandId },
  event: { check: eventName },
  userId: { check: id, optional: true },
  anonymousId: { check: id, optional: true },
  occurredAt: { check: timestamp },
  properties: { check: properties },
  userProperties: { check: properties, optional: true },
};
const bulk: Shape = { id: { check: commandId }, kind: { check: anything } };
const user: Shape = { userId: { check: id } };
const account: Shape = { accountId: { check: id } };

const bulkShapes: Readonly<Record<ApiCommandKind, Shape>> = {
  upsertUser: { ...bulk, ...user, ...upsert },
  upsertAccount: { ...bulk, ...account, ...upsert },
  associateUser: { ...bulk, ...account, ...user, ...association },
  trackEvent: { ...bulk, ...event },
  deleteUser: { ...bulk, ...user, ...association },
};

/** Why a text is not an id; undefined if it is one. */
function idDefect(text: string): string | undefined {
  if (text === '') return 'must not be empty';
  // Only text with more code units than the limit can have more characters.
  if (text.length > maxIdCharacters && countCharacters(text) > maxIdCharacters) {
    return `must have at most ${maxIdCharacters} characters`;
  }
  return text.isWellFormed() ? undefined : 'must be text without unpaired surrogates';
}

/** Unicode characters, as JSON Schema counts them. */
function countCharacters(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1) count += 1;
  return count;
}

export const commandIdDefect = 'must be 1 to 255 printable ASCII characters';

export function isCommandId(text: string): boolean {
  return /^[\x20-\x7e]{1,255}$/.test(text);
}

/** A query parameter that holds an id. */
export const idParameter: ParameterReader<string> = (text) => {
  const detail = idDefect(text);
  return detail === undefined ? { value: text } : { detail };
};

/** The ids in a path. */
export function parsePathIds(ids: Readonly<Record<string, string>>): Problem | undefined {
  const errors: RequestDefect[] = [];
  for (const [pointer, text] of Object.entries(ids)) {
    const detail = idDefect(text);
    if (detail !== undefined) errors.push({ pointer, detail });
  }
  return errors.length === 0 ? undefined : buildRequestProblem('invalid-id', errors);
}

export function parseUpsertUser(userId: string, body: JsonValue | undefined): CommandReading {
  return parsed(body, upsert, (members) => ({ kind: 'upsertUser', userId, ...upsertOf(members) }));
}

export function parseUpsertAccount(accountId: string, body: JsonValue | undefined): CommandReading {
  return parsed(body, upsert, (members) => ({ kind: 'upsertAccount', accountId, ...upsertOf(members) }));
}

export function parseAssociateUser(accountId: string, userId: string, body: JsonValue | undefined): CommandReading {
  return parsed(body, association, (members) => ({ kind: 'associateUser', accountId, userId, ...timeOf(members) }));
}

export function parseTrackEvent(body: JsonValue | undefined): CommandReading {
  return parsed(body, event, eventOf);
}

const occurredAtParameter: ParameterReader<number> = (text) => {
  const value = parseTimestamp(text);
  return value === undefined ? { detail: `must be a ${timestampForm}, percent-encoded` } : { value };
};

/** `target` is the request's: its query has the time of the deletion. */
export function parseDeleteUser(userId: string, target: string): CommandReading {
  const query = readQuery(target, { occurredAt: occurredAtParameter });
  if (query.kind === 'problem') return query;
  const { occurredAt: occurredAtMs } = query.values;
  if (occurredAtMs !== undefined) return { kind: 'command', command: { kind: 'deleteUser', userId, occurredAtMs } };
  const errors = [{ pointer: 'occurredAt', detail: `is required: a ${timestampForm}, percent-encoded` }];
  return { kind: 'problem', problem: buildRequestProblem('invalid-request', errors) };
}

/** One command of a bulk call. */
export function parseBulkCommand(item: JsonObject): CommandReading {
  const kind = item['kind'];
  const shape =
    typeof kind === 'string' && Object.hasOwn(bulkShapes, kind) ? bulkShapes[kind as ApiCommandKind] : undefined;
  if (shape === undefined) {
    const detail = `must be one of ${Object.keys(bulkShapes).join(', ')}`;
    return { kind: 'problem', problem: buildRequestProblem('invalid-request', [{ pointer: '/kind', detail }]) };
  }
  return parsed(item, shape, (members) => {
    const userId = members['userId'] as string;
    const accountId = members['accountId'] as string;
    switch (kind as ApiCommandKind) {
      case 'upsertUser':
        return { kind: 'upsertUser', userId, ...upsertOf(members) };
      case 'upsertAccount':
        return { kind: 'upsertAccount', accountId, ...upsertOf(members) };
      case 'associateUser':
        return { kind: 'associateUser', accountId, userId, ...timeOf(members) };
      case 'trackEvent':
        return eventOf(members);
      case 'deleteUser':
        return { kind: 'deleteUser', userId, ...timeOf(members) };
    }
  });
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(body: JsonValue | undefined, shape: Shape, build: (members: JsonObject) => ApiCommand): CommandReading {
  const errors: RequestDefect[] = [];
  const report = (pointer: string, detail: string) => void errors.push({ pointer, detail });
  if (!isObject(body)) report('', 'the body must be an object');
  else checkMembers(body, shape, report);
  if (errors.length === 0) return { kind: 'command', command: build(body as JsonObject) };
  return { kind: 'problem', problem: buildRequestProblem('invalid-request', errors) };
}

function checkMembers(body: JsonObject, shape: Shape, report: (pointer: string, detail: string) => void): void {
  for (const [name, member] of Object.entries(shape)) {
    const value = body[name];
    if (value !== undefined) member.check(value, `/${name}`, report);
    else if (member.optional === undefined) report(`/${name}`, 'is required');
  }
  for (const name of Object.keys(body)) {
    if (!Object.hasOwn(shape, name))
      report(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, 'is not known here');
  }
  if (Object.hasOwn(shape, 'anonymousId') && body['userId'] === undefined && body['anonymousId'] === undefined) {
    report('', 'userId or anonymousId is required');
  }
}

function timeOf(members: JsonObject): { occurredAtMs: number } {
  return { occurredAtMs: parseTimestamp(members['occurredAt'] as string) ?? Number.NaN };
}

function upsertOf(members: JsonObject): { occurredAtMs: number; properties: JsonObject } {
  return { ...timeOf(members), properties: members['properties'] as JsonObject };
}

function eventOf(members: JsonObject): ApiCommand {
  return {
    kind: 'trackEvent',
    id: members['id'] as string,
    event: members['event'] as string,
    userId: (members['userId'] as string | undefined) ?? null,
    anonymousId: (members['anonymousId'] as string | undefined) ?? null,
    ...upsertOf(members),
    userProperties: (members['userProperties'] as JsonObject | undefined) ?? null,
  };
}
