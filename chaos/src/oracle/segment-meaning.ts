/**
 * What Segment's calls mean for Astrolabe, written from the spec and docs/, sharing no code with the services: an event
 * and what is known of its user → the commands that it stands for, or why it has none.
 */
import { createHash } from 'node:crypto';
import type { Command, JsonObject, JsonValue } from '@astrolabe/schemas';
import { computedTrait, type ComputedTrait } from './computed-trait.ts';
import type { PartitionClock, Remembering } from './user-memory.ts';

export interface Happening {
  readonly connectorId: string;
  readonly messageId: string;
  readonly body: JsonObject;
  readonly receivedAtMs: number;
  readonly occurredAtMs: number;
  /** Of the event's partition, before it. */
  readonly clock: PartitionClock;
}

export type Meaning =
  | { readonly kind: 'mapped'; readonly commands: readonly Command[] }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'dead-lettered'; readonly code: string };

const types = ['identify', 'group', 'track', 'page', 'screen', 'alias', 'delete', 'unsuppress'];

/** The code with which ingest rejects an event; undefined for a good one. */
export function rejectionOf(body: JsonObject): string | undefined {
  const { type, userId, anonymousId, groupId, event } = body;
  if (typeof type !== 'string' || !types.includes(type)) return 'event.unknown-type';
  if (type === 'group') return groupId === undefined ? 'event.invalid' : undefined;
  if (userId === undefined && anonymousId === undefined) return 'event.invalid';
  return type === 'track' && event === undefined ? 'event.invalid' : undefined;
}

/** Of a good event. Teaches `memory`, the one of its connector, what it says of its user. */
export function meaningOf(happening: Happening, memory: Remembering): Meaning {
  const { body, messageId, receivedAtMs, clock } = happening;
  const userId = text(body['userId']);
  switch (body['type']) {
    case 'delete': {
      if (userId === undefined) return { kind: 'skipped', reason: 'no user' };
      const occurredAtMs = memory.delete(userId, messageId, receivedAtMs, clock);
      return { kind: 'mapped', commands: [commandOf({ ...happening, occurredAtMs }, 'DeleteUser', { userId })] };
    }
    case 'unsuppress': {
      const isLifted = userId !== undefined && memory.lift(userId, messageId, receivedAtMs, clock);
      return { kind: 'skipped', reason: isLifted ? 'suppression-lifted' : 'nothing-to-lift' };
    }
    case 'identify':
    case 'group':
    case 'track':
      return meaningOfCall(happening, userId, memory);
    default:
      return { kind: 'skipped', reason: 'unsupported-type' };
  }
}

/** A device whose clock stands at 1970 says its address today. */
const HALF_A_YEAR_MS = 180 * 86_400_000;

function meaningOfCall(told: Happening, userId: string | undefined, memory: Remembering): Meaning {
  const occurredAtMs = told.occurredAtMs + memory.behindLiftMs(userId, told.receivedAtMs);
  const happening = { ...told, occurredAtMs };
  const { body } = happening;
  const { type } = body;
  if (!isForAstrolabe(object(body['integrations']))) return { kind: 'skipped', reason: 'integration-disabled' };
  if (type === 'identify' && userId === undefined) return { kind: 'skipped', reason: 'anonymous-identify' };
  const isUnmappable = Object.values(object(body['traits'])).some(isBeyond64Bits);
  const address = addressOf(body);
  const saidAtMs = Math.max(occurredAtMs, told.receivedAtMs - HALF_A_YEAR_MS);
  const turnedAway = memory.turnAway(userId, address, saidAtMs, isUnmappable);
  if (turnedAway !== undefined && type !== 'group') return { kind: 'skipped', reason: turnedAway };
  if (isUnmappable) return { kind: 'dead-lettered', code: 'event.unmappable' };
  const commands = ownCommands(happening, userId);
  const accountId = type === 'group' ? text(body['groupId']) : text(object(body['context'])['groupId']);
  if (accountId !== undefined && userId !== undefined && turnedAway === undefined) {
    commands.push(commandOf(happening, 'AssociateUser', { accountId, userId }));
  }
  return { kind: 'mapped', commands };
}

function ownCommands(happening: Happening, userId: string | undefined): Command[] {
  const { body } = happening;
  const computed = computedTrait(body);
  const isBare = body['type'] === 'identify' && Object.keys(object(body['traits'])).length === 0;
  const own = isBare ? object(object(body['context'])['traits']) : object(body['traits']);
  const traits = withComputed(own, computed);
  if (body['type'] === 'identify')
    return [commandOf(happening, 'UpsertUser', { userId: userId ?? '', properties: traits })];
  if (body['type'] === 'group') {
    return [commandOf(happening, 'UpsertAccount', { accountId: text(body['groupId']) ?? '', properties: traits })];
  }
  const contextTraits = object(object(body['context'])['traits']);
  const isUsers = computed !== undefined && userId !== undefined;
  const tracked = commandOf(happening, 'TrackEvent', {
    event: text(body['event']) ?? '',
    userId: userId ?? null,
    anonymousId: text(body['anonymousId']) ?? null,
    properties: object(body['properties']),
    userProperties: isUsers ? without(contextTraits, computed.property) : contextTraits,
  });
  if (!isUsers) return [tracked];
  return [commandOf(happening, 'UpsertUser', { userId, properties: { [computed.property]: computed.value } }), tracked];
}

function withComputed(traits: JsonObject, computed: ComputedTrait | undefined): JsonObject {
  if (computed === undefined) return traits;
  return { ...without(traits, computed.sentAs), [computed.property]: computed.value };
}

function commandOf(happening: Happening, kind: Command['kind'], fields: JsonObject): Command {
  const { connectorId, messageId, receivedAtMs, occurredAtMs } = happening;
  const commandId = commandIdOf(connectorId, messageId, kind);
  const record = { commandId, connectorId, messageId, occurredAt: occurredAtMs, receivedAt: receivedAtMs, ...fields };
  return { kind, record } as unknown as Command;
}

/** As the Avro schemas promise it: 128 bits of SHA-256 over the three. */
export function commandIdOf(connectorId: string, messageId: string, kind: Command['kind']): string {
  const named = JSON.stringify([connectorId, messageId, kind]);
  return createHash('sha256').update(named).digest('hex').slice(0, 32);
}

/** Of a command that a replay delivers by force: 128 bits of SHA-256 over both ids (docs/adr/0024). */
export function forcedIdOf(replayId: string, commandId: string): string {
  const named = JSON.stringify(['replay', replayId, commandId]);
  return createHash('sha256').update(named).digest('hex').slice(0, 32);
}

/** Names what the command changes: all commands of one key have one order. */
export function keyOfCommand({ kind, record }: Command): string {
  const { connectorId } = record;
  switch (kind) {
    case 'UpsertAccount':
      return JSON.stringify([connectorId, 'account', record.accountId]);
    case 'TrackEvent':
      return record.userId === null
        ? JSON.stringify([connectorId, 'anonymous', record.anonymousId])
        : JSON.stringify([connectorId, 'user', record.userId]);
    default:
      return JSON.stringify([connectorId, 'user', record.userId]);
  }
}

/** Key of an event's record: the user, else the visitor, else the account. */
export function keyOfEvent(connectorId: string, body: JsonObject): string {
  const userId = text(body['userId']);
  if (userId !== undefined) return JSON.stringify([connectorId, 'user', userId]);
  const anonymousId = text(body['anonymousId']);
  if (anonymousId !== undefined) return JSON.stringify([connectorId, 'anonymous', anonymousId]);
  return JSON.stringify([connectorId, 'account', text(body['groupId']) ?? '']);
}

/** Astrolabe's own entry decides, else `All`. */
function isForAstrolabe(integrations: JsonObject): boolean {
  const own = integrations['Astrolabe'];
  return own === undefined || own === null ? integrations['All'] !== false : own !== false;
}

/** The address that the event says its user has. The traits of a group call are the account's. */
function addressOf(body: JsonObject): string | undefined {
  const own = body['type'] === 'identify' ? text(object(body['traits'])['email']) : undefined;
  return own ?? text(object(object(body['context'])['traits'])['email']);
}

function isBeyond64Bits(value: JsonValue): boolean {
  return typeof value === 'bigint' && (value >= 2n ** 63n || value < -(2n ** 63n));
}

function text(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function object(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function without(values: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([own]) => own !== name));
}
