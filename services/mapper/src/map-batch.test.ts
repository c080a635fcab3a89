import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PartitionState } from '@astrolabe/processing';
import { headerText, toHeaders, topicsFor, type ConsumedRecord, type TopicRecord } from '@astrolabe/records';
import { createCommandEncoder } from '@astrolabe/records/serde';
import { commandId, commandKinds } from '@astrolabe/schemas';
import { decodeCommand } from '@astrolabe/schemas/avro';
import { createMetrics } from '@astrolabe/service-kit';
import type { Connector } from '@astrolabe/service-kit/connectors';
import { mappingRulesOf } from './core/mapping-rules.ts';
import { decodeUserState, userStateCodec, userStateKey, type UserState } from './core/user-state.ts';
import { createMapBatch } from './map-batch.ts';
import { countBatch, createMapperMetrics } from './mapper-metrics.ts';
import { acme, eventRecord, receivedAtMs } from './testing/events.ts';

const topics = topicsFor();
const schemaIds = new Map(commandKinds.map((kind, index) => [kind, index + 1]));
const kinds = new Map(commandKinds.map((kind, index) => [index + 1, kind]));
const NOW_MS = Date.parse('2026-11-24T12:00:00.000Z');

interface MapperOptions {
  readonly maxRecordBytes?: number;
  readonly maxUsers?: number;
  readonly connector?: Partial<Connector>;
  readonly state?: PartitionState<UserState>;
}

/** A batch after the other on one state, as for one partition. */
function createMapper(options: MapperOptions = {}) {
  const state = options.state ?? new PartitionState(userStateCodec);
  const metrics = createMapperMetrics(createMetrics({ service: 'mapper' }));
  const rules = mappingRulesOf({ ...acme, ...options.connector }, new Set(['gmail.com']));
  const mapBatch = createMapBatch({
    encoder: createCommandEncoder(schemaIds),
    topics,
    groupId: 'mapper',
    nowMs: () => NOW_MS,
    rulesOf: () => rules,
    maxRecordBytes: options.maxRecordBytes ?? 1_000_000,
    maxUsers: options.maxUsers ?? 1_000,
  });
  const map = (...records: readonly ConsumedRecord[]): readonly TopicRecord[] => {
    const { outputs, result } = mapBatch(records, state);
    countBatch(result, metrics, (connectorId) => connectorId === acme.id);
    return outputs;
  };
  const counts = async (
    name: 'events' | 'withheldUsers' | 'clampedTimes' | 'commands' | 'forgottenUsers' | 'stateUsers',
  ) => {
    const { values } = await metrics[name].get();
    return values
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => [...Object.values(labels), value].filter((part) => part !== '').join(' '))
      .sort();
  };
  return { map, state, counts };
}

function decoded(outputs: readonly TopicRecord[]) {
  return outputs
    .filter(({ topic }) => topic === topics.commands.name)
    .map(({ value }) => {
      assert.ok(value);
      const kind = kinds.get(value.readInt32BE(1));
      assert.ok(kind);
      return decodeCommand(kind, value.subarray(5));
    });
}

function deadLetters(outputs: readonly TopicRecord[]): readonly TopicRecord[] {
  return outputs.filter(({ topic }) => topic === topics.segmentEventsDeadLetters.name);
}

function identify(userId: string, more: object = {}): object {
  return { type: 'identify', userId, messageId: `m-${userId}`, ...more };
}

test('each record of a batch ends in exactly one place, and is counted there', async () => {
  const { map, counts } = createMapper();
  const outputs = map(
    eventRecord(identify('a')),
    eventRecord('poison', { offset: 1n, partition: 3 }),
    eventRecord({ type: 'page', userId: 'a', messageId: 'p' }, { offset: 2n }),
    eventRecord({ type: 'group', groupId: 'g', userId: 'a', messageId: 'g-1' }, { offset: 3n }),
  );
  assert.deepEqual(
    decoded(outputs).map(({ kind }) => kind),
    ['UpsertUser', 'UpsertAccount', 'AssociateUser'],
  );
  const [deadLetter, ...others] = deadLetters(outputs);
  assert.ok(deadLetter);
  assert.equal(others.length, 0);
  assert.equal(deadLetter.value?.toString(), 'poison');
  assert.equal(deadLetter.partition, 3);
  assert.equal(headerText(deadLetter, 'dlq.code'), 'event.invalid-json');
  assert.equal(headerText(deadLetter, 'dlq.offset'), '1');
  assert.equal(headerText(deadLetter, 'dlq.group'), 'mapper');
  assert.equal(headerText(deadLetter, 'dlq.at'), '2026-11-24T12:00:00.000Z');
  assert.deepEqual(await counts('events'), [
    'acme group mapped 1',
    'acme identify mapped 1',
    'acme page skipped unsupported-type 1',
    'acme unknown dead-lettered event.invalid-json 1',
  ]);
  assert.deepEqual(await counts('commands'), ['acme 3']);
});

test('commands of one key are in the order of their events', () => {
  const { map } = createMapper();
  const batch = Array.from({ length: 50 }, (_, index) => eventRecord(identify('a', { traits: { index } })));
  assert.deepEqual(
    decoded(map(...batch)).map(({ record }) => ('properties' in record ? record.properties['index'] : undefined)),
    batch.map((_, index) => index),
  );
});

test('the same records and the same state give the same outputs, with the same ids', () => {
  const records = [
    eventRecord(identify('a', { traits: { email: 'a@gmail.com' } })),
    eventRecord({ type: 'delete', userId: 'b', messageId: 'd' }, { offset: 1n }),
    eventRecord(identify('b'), { offset: 2n }),
  ];
  const first = createMapper({ connector: { freeEmailProviders: 'block' } }).map(...records);
  assert.deepEqual(createMapper({ connector: { freeEmailProviders: 'block' } }).map(...records), first);
  assert.deepEqual(
    decoded(first).map(({ record }) => record.commandId),
    [commandId('acme', 'd', 'DeleteUser')],
  );
});

test('what an event says about its user applies to the next event of the same batch and of later ones', async () => {
  const { map, state, counts } = createMapper({ connector: { freeEmailProviders: 'block' } });
  const track = (messageId: string, userId: string) => ({ type: 'track', event: 'e', messageId, userId });
  const outputs = map(
    eventRecord(identify('a', { traits: { email: 'a@gmail.com' } })),
    eventRecord(track('t-1', 'a'), { offset: 1n }),
    eventRecord({ type: 'group', groupId: 'g', userId: 'a', messageId: 'g-1' }, { offset: 2n }),
  );
  assert.deepEqual(
    decoded(outputs).map(({ kind }) => kind),
    ['UpsertAccount'],
  );
  assert.deepEqual(map(eventRecord(track('t-2', 'a'), { offset: 3n })), []);
  assert.equal(state.get(userStateKey('acme', 'a'))?.email?.domain, 'gmail.com');
  assert.equal(state.get(userStateKey('other', 'a')), undefined, 'another customer has another user of that name');
  assert.deepEqual(await counts('events'), [
    'acme group mapped 1',
    'acme identify skipped free-email-provider 1',
    'acme track skipped free-email-provider 2',
  ]);
  assert.deepEqual(await counts('withheldUsers'), ['acme free-email-provider 1']);
});

test('a newer address replaces the older one in the state, and the user is let in', () => {
  const { map, state } = createMapper({ connector: { freeEmailProviders: 'block' } });
  const earlier = { traits: { email: 'a@gmail.com' }, timestamp: '2025-11-24T10:28:00.000Z' };
  map(eventRecord(identify('a', earlier)));
  assert.equal(state.size, 1);
  state.takeChanges(0);
  const later = { messageId: 'm-2', traits: { email: 'a@acme.com' }, timestamp: '2025-11-24T10:29:00.000Z' };
  const outputs = map(eventRecord(identify('a', later), { offset: 1n }));
  assert.equal(decoded(outputs).length, 1);
  assert.deepEqual(
    state.takeChanges(0).map(({ key, value }) => [key?.toString(), value && decodeUserState(value).email?.domain]),
    [[userStateCodec.encodeKey(userStateKey('acme', 'a')), 'acme.com']],
  );
});

test('an impossible time is moved to a bound, kept in a header, and counted', async () => {
  const { map, counts } = createMapper();
  const [output] = map(eventRecord(identify('a', { timestamp: '1970-01-01T00:00:00.000Z' })));
  assert.ok(output);
  assert.equal(headerText(output, 'occurred-at-clamped'), '1970-01-01T00:00:00.000Z');
  assert.deepEqual(await counts('clampedTimes'), ['acme before-2000 1']);
});

test('an event whose command is too large for the topic is dead-lettered as a whole without changing the state, and the others continue', async () => {
  const { map, state, counts } = createMapper({ maxRecordBytes: 1_000, connector: { freeEmailProviders: 'block' } });
  const long = { long: 'x'.repeat(1_000), email: 'a@acme.com' };
  const outputs = map(
    eventRecord({ type: 'group', groupId: 'g', userId: 'a@gmail.com', messageId: 'g-1', traits: long }),
    eventRecord(identify('a@gmail.com', { traits: long }), { offset: 1n }),
    eventRecord(identify('b'), { offset: 2n }),
  );
  assert.deepEqual(
    decoded(outputs).map(({ kind }) => kind),
    ['UpsertUser'],
  );
  assert.deepEqual(
    deadLetters(outputs).map((deadLetter) => headerText(deadLetter, 'dlq.code')),
    ['kafka.record-too-large', 'kafka.record-too-large'],
  );
  assert.equal(state.size, 0);
  assert.equal((await counts('events')).filter((line) => line.includes('dead-lettered')).length, 2);
});

test('unknown connectors are counted as one', async () => {
  const { map, counts } = createMapper();
  for (const connector of ['stranger-1', 'stranger-2']) {
    map({
      ...eventRecord({ type: 'page', messageId: 'm', userId: 'u' }),
      headers: toHeaders({ 'connector-id': connector }),
    });
  }
  assert.deepEqual(await counts('events'), ['unknown page skipped unsupported-type 2']);
});

test('the longest id takes the same place in the state as any other', () => {
  const { map, state } = createMapper({ maxRecordBytes: 1_000, connector: { freeEmailProviders: 'block' } });
  const userId = 'u'.repeat(512);
  assert.deepEqual(map(eventRecord(identify(userId, { messageId: 'm', traits: { email: 'ann@gmail.com' } }))), []);
  assert.ok(state.get(userStateKey('acme', userId)));
  const [record] = state.takeChanges(0);
  assert.ok(record?.key != null && record.key.length < 60);
});

const deletion = (userId: string, more: object = {}) => ({ type: 'delete', userId, messageId: `d-${userId}`, ...more });

test("a deletion beyond its connector's limit is a dead letter that says what to do, and other connectors' deletions continue", async () => {
  const { map, state, counts } = createMapper({ maxUsers: 2 });
  const outputs = map(
    ...['a', 'b', 'c', 'a'].map((userId, index) => eventRecord(deletion(userId), { offset: BigInt(index) })),
    eventRecord(identify('d'), { offset: 4n }),
    eventRecord(deletion('c'), { offset: 5n, headers: toHeaders({ 'connector-id': 'other', 'message-id': 'm' }) }),
  );
  assert.deepEqual(
    decoded(outputs).map(({ kind, record }) => `${kind} of ${record.connectorId}`),
    ['DeleteUser of acme', 'DeleteUser of acme', 'DeleteUser of acme', 'UpsertUser of acme', 'DeleteUser of other'],
  );
  const [deadLetter, ...none] = deadLetters(outputs);
  assert.ok(deadLetter);
  assert.equal(none.length, 0);
  assert.equal(headerText(deadLetter, 'dlq.code'), 'mapper.state-full');
  assert.match(
    headerText(deadLetter, 'dlq.message') ?? '',
    /acme has 2 suppressed.*MAPPER_MAX_USERS_PER_CONNECTOR.*redrive/,
  );
  assert.equal(state.get(userStateKey('acme', 'c')), undefined);
  assert.ok((await counts('events')).includes('acme delete dead-lettered mapper.state-full 1'));
  assert.deepEqual(await counts('stateUsers'), ['acme 0 2']);
});

test('however many users a visitor makes up, only the newest are remembered, and the others become tombstones of the same batch', async () => {
  const { map, state, counts } = createMapper({ maxUsers: 100, connector: { freeEmailProviders: 'block' } });
  const topic = new Set<string>();
  for (let batch = 0; batch < 20; batch += 1) {
    const visitors = Array.from({ length: 50 }, (_, index) => `${batch}-${index}`);
    map(...visitors.map((userId) => eventRecord(identify(userId, { traits: { email: `${userId}@gmail.com` } }))));
    for (const { key, value } of state.takeChanges(0)) {
      if (value === null) topic.delete(String(key));
      else topic.add(String(key));
    }
    assert.ok(state.size <= 100);
    assert.equal(topic.size, state.size, 'the topic comes to what is in memory');
  }
  assert.deepEqual(await counts('forgottenUsers'), ['acme limit 900']);
  assert.ok(state.get(userStateKey('acme', '19-49')));
});

test('what is no longer needed is removed with later batches', async () => {
  const DAY_MS = 86_400_000;
  const lifted: UserState = { suppressed: { atMs: 1, liftedAtMs: receivedAtMs - 38 * DAY_MS } };
  const state = new PartitionState(userStateCodec);
  for (const [userId, value] of Object.entries({
    lifted,
    addressed: { email: { domain: 'gmail.com', atMs: receivedAtMs } },
    deleted: { suppressed: { atMs: 1 } },
  })) {
    state.restore(userStateCodec.encodeKey(userStateKey('acme', userId)), userStateCodec.encode(value));
  }
  const { map, counts } = createMapper({ state });
  for (let offset = 0n; offset < 4n; offset += 1n) map(eventRecord(identify('x'), { offset }));
  const removed = state.takeChanges(0);
  assert.deepEqual(
    removed.map(({ value }) => value),
    [null, null],
  );
  assert.ok(state.get(userStateKey('acme', 'deleted')));
  assert.deepEqual(await counts('forgottenUsers'), ['acme expired 2']);
});

test('an address stays known though the clock of the device that said it stands at 1970', () => {
  const { map, state } = createMapper({ connector: { freeEmailProviders: 'block' } });
  const traits = { email: 'ann@gmail.com' };
  map(eventRecord(identify('ann', { traits, timestamp: '1970-01-01T00:00:12.000Z' })));
  for (let offset = 1n; offset < 9n; offset += 1n) map(eventRecord(identify('x'), { offset }));
  assert.equal(state.get(userStateKey('acme', 'ann'))?.email?.domain, 'gmail.com');
  assert.deepEqual(decoded(map(eventRecord(identify('ann', { traits: { plan: 'pro' } }), { offset: 9n }))), []);
});

test("after a restore of an older version's state, a deletion is later than anything that version can have dated ahead", () => {
  const { map, state } = createMapper();
  state.restoreClock(undefined);
  const [command] = decoded(map(eventRecord(deletion('a'))));
  assert.equal(command?.record.occurredAt, receivedAtMs + 86_400_000);
});
