/** Runs the named cases of `schemas/examples/mapping`; its README says how they are written. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { toHeaders, type ConsumedRecord } from '@astrolabe/records';
import { createCommandEncoder } from '@astrolabe/records/serde';
import { commandId, commandKinds, parseJson, stringifyJson, type Command, type JsonObject } from '@astrolabe/schemas';
import { decodeCommand } from '@astrolabe/schemas/avro';
import type { Connector } from '@astrolabe/service-kit/connectors';
import { freeEmailList } from '../adapters/free-email-list.ts';
import { eventRecord } from '../testing/events.ts';
import { mapEvent, type MappedEvent } from './map-event.ts';
import { mappingRulesOf, type MappingRules } from './mapping-rules.ts';
import { skipReasons, withheldReasons } from './mapping.ts';
import { readEvent } from './read-event.ts';
import { decodeUserState, encodeUserState, type UserState } from './user-state.ts';

interface MappingCase {
  readonly file: string;
  readonly name: string;
  readonly connector?: Partial<Connector> | null;
  readonly state?: StateText;
  readonly before?: readonly JsonObject[];
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly event?: JsonObject;
  readonly value?: string | null;
  readonly expect: Expectation;
}

interface Expectation {
  readonly commands?: readonly (JsonObject & { readonly kind: Command['kind'] })[];
  readonly withheld?: string;
  readonly clamped?: JsonObject;
  readonly skipped?: string;
  readonly deadLetter?: JsonObject;
  readonly state?: StateText;
}

/** `UserState` with ISO 8601 for its times, without what it knows of decisions by their ids. */
interface StateText {
  readonly suppressed?: { readonly at: string; readonly liftedAt?: string; readonly archived?: true };
  readonly email?: { readonly domain: string; readonly at: string };
}

const RECEIVED_AT = '2025-11-24T10:30:00.000Z';
const folder = new URL('../../../../schemas/examples/mapping/', import.meta.url);
const encoder = createCommandEncoder(new Map(commandKinds.map((kind, index) => [kind, index + 1])));

const cases = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => {
    const theme = parseJson(readFileSync(new URL(file, folder), 'utf8')) as unknown as { cases: MappingCase[] };
    assertNames(theme, ['title', 'cases'], file);
    return theme.cases.map((each) => ({ ...each, file }));
  });

for (const each of cases) {
  test(`${each.file}: ${each.name}`, () => {
    assertKnownFields(each);
    assert.deepEqual(outcomeOf(each), expectationOf(each));
  });
}

test('there are at least 120 cases, each with its own name', () => {
  assert.ok(cases.length >= 120, `there are ${cases.length}`);
  const names = cases.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});

test('every theme has its cases', () => {
  assert.deepEqual([...new Set(cases.map(({ file }) => file))].sort(), [
    'connectors.json',
    'delete-and-suppression.json',
    'engage.json',
    'free-email.json',
    'group.json',
    'identify.json',
    'ids-and-casing.json',
    'integrations.json',
    'times.json',
    'track.json',
    'unreadable.json',
    'unsupported-calls.json',
    'values.json',
  ]);
});

test("every kind of command, every reason and every code of an event's outcome has a case", () => {
  const found = (values: readonly (string | undefined)[]) =>
    [...new Set(values.filter((value) => value !== undefined))].sort();
  const expected = cases.map((each) => each.expect);
  assert.deepEqual(found(expected.map(({ skipped }) => skipped)), [...skipReasons].sort());
  assert.deepEqual(found(expected.map(({ withheld }) => withheld)), [...withheldReasons].sort());
  assert.deepEqual(
    found(expected.flatMap(({ commands = [] }) => commands.map(({ kind }) => kind))),
    [...commandKinds].sort(),
  );
  assert.deepEqual(found(expected.map(({ clamped }) => clamped?.['reason'] as string | undefined)), [
    'after-receipt',
    'before-2000',
    'far-future',
    'unreadable',
  ]);
  assert.deepEqual(found(expected.map(({ deadLetter }) => deadLetter?.['code'] as string | undefined)), [
    'event.invalid',
    'event.invalid-json',
    'event.unknown-type',
    'event.unmappable',
  ]);
});

/**
 * What the mapper makes of the case, in the terms of its expectation; commands as a reader of the topic decodes them.
 */
function outcomeOf(each: MappingCase): object {
  const rules = mappingRulesOf(connectorOf(each), freeEmailList.domains);
  const partition: Partition = { users: new Map(), clockMs: 0 };
  const own = userKey(connectorIdOf(each), String(each.event?.['userId']));
  if (each.state !== undefined) partition.users.set(own, stateOf(each.state));
  for (const { headers, ...event } of each.before ?? []) {
    const given = { ...each.headers, ...(headers as MappingCase['headers']) };
    handle(recordOf({ ...each, headers: given }, stringifyJson(event), event), rules, partition);
  }
  const value = each.event === undefined ? each.value : stringifyJson(each.event);
  const outcome = handle(recordOf(each, value ?? null, each.event), rules, partition);
  const { suppressed, email } = partition.users.get(own) ?? {};
  const state = { ...(suppressed && { suppressed }), ...(email && { email }) };
  return { ...outcome, state: Object.keys(state).length === 0 ? undefined : state };
}

/** As far as one partition remembers. */
interface Partition {
  readonly users: Map<string, UserState>;
  clockMs: number;
}

function userKey(connectorId: string, userId: string): string {
  return JSON.stringify([connectorId, userId]);
}

function handle(record: ConsumedRecord, rules: MappingRules, partition: Partition): object {
  const read = readEvent(record, Date.parse(RECEIVED_AT));
  if (read.kind === 'unreadable') return { deadLetter: { code: read.code, message: read.message } };
  const { event, facts } = read;
  const { users, clockMs } = partition;
  const key = event.userId === undefined ? undefined : userKey(facts.connectorId, event.userId);
  const mapped = mapEvent(event, facts, rules, key === undefined ? undefined : users.get(key), clockMs);
  if (facts.receipt.arrival === 'live') partition.clockMs = Math.max(clockMs, facts.receipt.atMs);
  if (key === undefined || mapped.nextUserState === undefined) {
    assert.equal(mapped.nextUserState, undefined, 'an event without a userId has no state');
    if (key !== undefined) users.delete(key);
  } else {
    users.set(key, decodeUserState(encodeUserState(mapped.nextUserState)));
  }
  return describe(mapped);
}

function describe({ mapping }: MappedEvent): object {
  switch (mapping.kind) {
    case 'skipped':
      return { skipped: mapping.reason };
    case 'unmappable':
      return { deadLetter: { code: 'event.unmappable', message: mapping.message } };
    case 'commands': {
      const { commands, withheld, clamped } = mapping;
      const decoded = commands.map((command) =>
        decodeCommand(command.kind, encoder.encode(command).subarray(WIRE_HEADER_BYTES)),
      );
      return { commands: decoded, withheld, clamped };
    }
  }
}

const WIRE_HEADER_BYTES = 5;

/** The same for what the case says, with what it may leave out. */
function expectationOf(each: MappingCase): object {
  const { commands, withheld, clamped, skipped, deadLetter, state: stateText } = each.expect;
  const state = stateText && stateOf(stateText);
  if (skipped !== undefined) return { skipped, state };
  if (deadLetter !== undefined) return { deadLetter, state };
  assert.ok(commands, 'a case expects commands, skipped or deadLetter');
  return { commands: commands.map((command) => commandOf(command, each)), withheld, clamped, state };
}

const defaultsByKind: Readonly<Record<Command['kind'], JsonObject>> = {
  UpsertUser: {},
  UpsertAccount: {},
  AssociateUser: {},
  DeleteUser: {},
  TrackEvent: { userId: null, anonymousId: null, properties: {}, userProperties: {} },
};

function commandOf({ kind, ...said }: JsonObject & { readonly kind: Command['kind'] }, each: MappingCase): object {
  const connectorId = connectorIdOf(each);
  const messageId = String(said['messageId'] ?? each.headers?.['message-id'] ?? 'm-1');
  const common = { commandId: commandId(connectorId, messageId, kind), connectorId, messageId };
  const record: JsonObject = { ...defaultsByKind[kind], ...common, ...said };
  const time = (name: 'occurredAt' | 'receivedAt') => Date.parse(String(record[name] ?? RECEIVED_AT));
  return { kind, record: { ...record, occurredAt: time('occurredAt'), receivedAt: time('receivedAt') } };
}

function recordOf({ headers = {} }: MappingCase, value: string | null, event: JsonObject | undefined): ConsumedRecord {
  const receivedAt = typeof event?.['receivedAt'] === 'string' ? event['receivedAt'] : RECEIVED_AT;
  const given: Record<string, string | null> = {
    'connector-id': 'acme',
    'message-id': 'm-1',
    'received-at': receivedAt,
    ...headers,
  };
  const present = Object.entries(given).map(([name, text]) => [name, text ?? undefined]);
  return eventRecord(value ?? '', {
    ...(value === null ? { value: null } : {}),
    timestampMs: Date.parse(RECEIVED_AT),
    headers: toHeaders(Object.fromEntries(present) as Parameters<typeof toHeaders>[0]),
  });
}

function connectorIdOf({ headers }: MappingCase): string {
  return headers?.['connector-id'] ?? 'acme';
}

function connectorOf({ connector }: MappingCase): Connector | undefined {
  if (connector === null) return undefined;
  const settings = { freeEmailProviders: 'allow', enabled: true, ...connector } as const;
  return { id: 'acme', name: 'Acme', apiKey: 'key', writeKeys: [], ...settings };
}

function stateOf({ suppressed, email }: StateText): UserState {
  return {
    ...(suppressed && {
      suppressed: {
        atMs: Date.parse(suppressed.at),
        ...(suppressed.liftedAt === undefined ? {} : { liftedAtMs: Date.parse(suppressed.liftedAt) }),
        ...(suppressed.archived === undefined ? {} : { isArchived: true }),
      },
    }),
    ...(email && { email: { domain: email.domain, atMs: Date.parse(email.at) } }),
  };
}

/** A misspelt field would make a case that shows nothing. */
function assertKnownFields({ expect, connector, state, ...each }: MappingCase): void {
  assertNames(each, ['file', 'name', 'before', 'headers', 'event', 'value'], 'the case');
  assertNames(connector, ['enabled', 'freeEmailProviders', 'allowedEmailDomains', 'deniedEmailDomains'], 'connector');
  assertNames(expect, ['commands', 'withheld', 'clamped', 'skipped', 'deadLetter', 'state'], 'expect');
  assertNames(expect.clamped, ['reason', 'original'], 'clamped');
  assertNames(expect.deadLetter, ['code', 'message'], 'deadLetter');
  for (const text of [state, expect.state]) {
    assertNames(text, ['suppressed', 'email'], 'state');
    assertNames(text?.suppressed, ['at', 'liftedAt', 'archived'], 'suppressed');
    assertNames(text?.email, ['domain', 'at'], 'email');
  }
  assert.ok(Number(each.event === undefined) !== Number(each.value === undefined), 'a case has an event or a value');
  const ends = [expect.commands, expect.skipped, expect.deadLetter].filter((end) => end !== undefined);
  assert.equal(ends.length, 1, 'a case expects one of commands, skipped and deadLetter');
}

function assertNames(object: object | null | undefined, names: readonly string[], place: string): void {
  const unknown = Object.keys(object ?? {}).filter((name) => !names.includes(name));
  assert.deepEqual(unknown, [], `${place} has fields that no case has`);
}
