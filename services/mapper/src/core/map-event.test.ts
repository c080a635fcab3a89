import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandId, type Command } from '@astrolabe/schemas';
import { eventOf, facts, receivedAtMs } from '../testing/events.ts';
import { mapEvent } from './map-event.ts';
import { rulesOfUnknownConnector } from './mapping-rules.ts';
import type { Mapping } from './mapping.ts';

function mappingOf(json: object): Mapping {
  return mapEvent(eventOf(json), facts, rulesOfUnknownConnector, undefined, 0).mapping;
}

function commandsOf(json: object): readonly Command[] {
  const mapping = mappingOf(json);
  assert.ok(mapping.kind === 'commands', `is ${mapping.kind}`);
  return mapping.commands;
}

function common(kind: Command['kind'], occurredAt = receivedAtMs) {
  return {
    commandId: commandId('acme', 'm-1', kind),
    connectorId: 'acme',
    messageId: 'm-1',
    occurredAt,
    receivedAt: receivedAtMs,
  };
}

const timestamp = '2025-11-24T10:00:00.000Z';
const happenedAtMs = Date.parse(timestamp);

test("the identify call of Segment's page creates or updates a user", () => {
  const json = { type: 'identify', userId: 'userId123', traits: { email: 'john.doe@example.com' }, timestamp };
  assert.deepEqual(commandsOf(json), [
    {
      kind: 'UpsertUser',
      record: {
        ...common('UpsertUser', happenedAtMs),
        userId: 'userId123',
        properties: { email: 'john.doe@example.com' },
      },
    },
  ]);
});

test("the group call of Segment's page creates or updates an account, and its user becomes a member", () => {
  const traits = { name: 'Initech', industry: 'Technology', employees: 329, plan: 'enterprise', 'total billed': 830 };
  const accountId = '0e8c78ea9d97a7b8185e8632';
  const json = { type: 'group', groupId: accountId, traits, timestamp };
  const upsert = {
    kind: 'UpsertAccount',
    record: { ...common('UpsertAccount', happenedAtMs), accountId, properties: traits },
  };
  assert.deepEqual(commandsOf(json), [upsert], 'without a user there is nobody to associate');
  assert.deepEqual(commandsOf({ ...json, userId: 'userId123' }), [
    upsert,
    {
      kind: 'AssociateUser',
      record: { ...common('AssociateUser', happenedAtMs), accountId, userId: 'userId123' },
    },
  ]);
  assert.deepEqual(commandsOf({ ...json, anonymousId: 'visitor' }), [upsert], 'a visitor is not a user');
});

test("the track call of Segment's page is an event of the user", () => {
  const properties = { plan: 'Pro Annual', accountType: 'Facebook' };
  const json = { type: 'track', userId: 'userId123', event: 'User Registered', properties, timestamp };
  assert.deepEqual(commandsOf(json), [
    {
      kind: 'TrackEvent',
      record: {
        ...common('TrackEvent', happenedAtMs),
        event: 'User Registered',
        userId: 'userId123',
        anonymousId: null,
        properties,
        userProperties: {},
      },
    },
  ]);
});

test('an Engage audience that a user enters and leaves is a property that is true, then false', () => {
  const propertiesOf = (entered: boolean) => {
    const [command] = commandsOf({ type: 'identify', userId: 'u', traits: { order_completed_last_30days: entered } });
    return command?.kind === 'UpsertUser' ? command.record.properties : undefined;
  };
  assert.deepEqual(propertiesOf(true), { order_completed_last_30days: true });
  assert.deepEqual(propertiesOf(false), { order_completed_last_30days: false });
});

test('traits in the context of a track call are set on the user with the event', () => {
  const [command] = commandsOf({ type: 'track', userId: 'u', event: 'e', context: { traits: { plan: 'pro' } } });
  assert.ok(command?.kind === 'TrackEvent');
  assert.deepEqual(command.record.userProperties, { plan: 'pro' });
});

test('a visitor without a userId has events', () => {
  const [command] = commandsOf({ type: 'track', anonymousId: 'visitor', event: 'e' });
  assert.ok(command?.kind === 'TrackEvent');
  assert.deepEqual([command.record.userId, command.record.anonymousId], [null, 'visitor']);
});

test('a context that names a group makes the user a member of the account', () => {
  const context = { groupId: 'initech' };
  for (const json of [
    { type: 'identify', userId: 'u', context },
    { type: 'track', userId: 'u', event: 'e', context },
  ]) {
    const [, associate] = commandsOf(json);
    assert.deepEqual(associate, {
      kind: 'AssociateUser',
      record: { ...common('AssociateUser'), accountId: 'initech', userId: 'u' },
    });
  }
  assert.equal(commandsOf({ type: 'track', anonymousId: 'visitor', event: 'e', context }).length, 1);
});

test("a context's group id is read like every id: numbers as their text, and nothing else", () => {
  const accountIdOf = (groupId: unknown) => {
    const [, associate] = commandsOf({ type: 'identify', userId: 'u', context: { groupId } });
    return associate?.kind === 'AssociateUser' ? associate.record.accountId : undefined;
  };
  assert.equal(accountIdOf(42), '42');
  assert.equal(accountIdOf(2n ** 60n), '1152921504606846976');
  for (const groupId of ['', null, {}, [], true, Number.POSITIVE_INFINITY])
    assert.equal(accountIdOf(groupId), undefined);
});

test('a deletion for privacy removes the user', () => {
  assert.deepEqual(commandsOf({ type: 'delete', userId: 'u' }), [
    { kind: 'DeleteUser', record: { ...common('DeleteUser'), userId: 'u' } },
  ]);
});

test("a sender's wrong clock is corrected in every command of an event", () => {
  const commands = commandsOf({
    type: 'group',
    groupId: 'g',
    userId: 'u',
    originalTimestamp: '2020-01-01T00:00:00.000Z',
    sentAt: '2020-01-01T00:00:02.500Z',
    receivedAt: new Date(receivedAtMs).toISOString(),
  });
  assert.deepEqual(
    commands.map(({ record }) => record.occurredAt),
    [receivedAtMs - 2_500, receivedAtMs - 2_500],
  );
});

test('calls that the destination does not accept have no effect, by design', () => {
  for (const type of ['page', 'screen', 'alias']) {
    assert.deepEqual(mappingOf({ type, userId: 'u', previousId: 'p' }), {
      kind: 'skipped',
      reason: 'unsupported-type',
    });
  }
  assert.deepEqual(mappingOf({ type: 'identify', anonymousId: 'visitor', traits: { a: 1 } }), {
    kind: 'skipped',
    reason: 'anonymous-identify',
  });
  assert.deepEqual(mappingOf({ type: 'identify', userId: 'u', integrations: { Astrolabe: false } }), {
    kind: 'skipped',
    reason: 'integration-disabled',
  });
});

test("an event with a value that no command can carry is unmappable as a whole, and the message names the value's place", () => {
  const big = 2n ** 64n;
  const messageOf = (json: object) => {
    const mapping = mappingOf(json);
    return mapping.kind === 'unmappable' ? mapping.message : mapping.kind;
  };
  const reason = 'the whole number does not fit into 64 bits; send it as a string';
  assert.equal(messageOf({ type: 'identify', userId: 'u', traits: { a: { b: [1, big] } } }), `traits/a/b/1: ${reason}`);
  assert.equal(messageOf({ type: 'group', groupId: 'g', traits: { big } }), `traits/big: ${reason}`);
  assert.equal(messageOf({ type: 'track', userId: 'u', event: 'e', properties: { big } }), `properties/big: ${reason}`);
  assert.equal(
    messageOf({ type: 'track', userId: 'u', event: 'e', context: { traits: { big } } }),
    `context.traits/big: ${reason}`,
  );
});

test("an id that UTF-8 cannot represent is unmappable: encoded, it would be another user's id", () => {
  const lone = 'u-\ud800';
  const events = {
    userId: { type: 'identify', userId: lone },
    anonymousId: { type: 'track', anonymousId: lone, event: 'Seen' },
    groupId: { type: 'group', groupId: lone },
    'context.groupId': { type: 'identify', userId: 'u1', context: { groupId: lone } },
  };
  for (const [field, json] of Object.entries(events)) {
    const message = `${field} holds an unpaired surrogate, which no UTF-8 text can carry`;
    assert.deepEqual(mappingOf(json), { kind: 'unmappable', message });
  }
});
