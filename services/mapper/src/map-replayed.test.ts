import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PartitionState } from '@astrolabe/processing';
import { headerText, topicsFor, type ConsumedRecord } from '@astrolabe/records';
import { createCommandEncoder } from '@astrolabe/records/serde';
import { replayedRecord } from '@astrolabe/replay';
import { replayOrder } from '@astrolabe/replay/testing';
import { commandKinds } from '@astrolabe/schemas';
import { decodeCommand } from '@astrolabe/schemas/avro';
import { createMetrics } from '@astrolabe/service-kit';
import { mappingRulesOf } from './core/mapping-rules.ts';
import { userStateCodec, userStateKey, type UserState } from './core/user-state.ts';
import { createMapBatch } from './map-batch.ts';
import { createMapReplayed } from './map-replayed.ts';
import { countReplayed, createReplayMetrics } from './replay-metrics.ts';
import { acme, eventRecord, receivedAtMs } from './testing/events.ts';

const topics = topicsFor();
const kinds = new Map(commandKinds.map((kind, index) => [index + 1, kind]));
function createMapper() {
  const state = new PartitionState<UserState>(userStateCodec);
  const rules = mappingRulesOf(acme, new Set());
  const options = {
    encoder: createCommandEncoder(new Map(commandKinds.map((kind, index) => [kind, index + 1]))),
    topics,
    groupId: 'mapper',
    nowMs: () => receivedAtMs + 60_000,
    rulesOf: () => rules,
    maxRecordBytes: 1_000_000,
    maxUsers: 1_000,
  };
  const [mapLive, mapReplayed] = [createMapBatch(options), createMapReplayed(options)];
  return {
    state,
    live: (...records: readonly ConsumedRecord[]) => mapLive(records, state).outputs,
    replay: (...records: readonly ConsumedRecord[]) =>
      mapReplayed(
        records.map((record) => replayedRecord(record, replayOrder())),
        state,
      ),
  };
}

const decoded = (value: Buffer | null) => {
  assert.ok(value);
  const kind = kinds.get(value.readInt32BE(1));
  assert.ok(kind);
  return decodeCommand(kind, value.subarray(5));
};

const at = (offset: bigint, event: object) => eventRecord(event, { offset });
const identify = (offset: bigint, userId: string) =>
  at(offset, { type: 'identify', userId, messageId: `i-${offset}`, traits: { offset: Number(offset) } });

test('commands of replayed events go to a topic of their own, with the marks of the replay; the live ones do not', () => {
  const { live, replay } = createMapper();
  const event = identify(7n, 'a');
  const [first] = live(event);
  const { outputs, counts, commands } = replay(event, at(8n, { type: 'page', userId: 'a', messageId: 'p' }));
  const [again, ...others] = outputs;
  assert.ok(first && again);
  assert.deepEqual(others, []);
  assert.deepEqual([first.topic, again.topic], [topics.commands.name, topics.replayedCommands.name]);
  assert.deepEqual([again.key, again.value], [first.key, first.value], 'the same command, with the same id and time');
  assert.deepEqual(
    [headerText(first, 'replay-id'), headerText(again, 'replay-id'), headerText(again, 'replay-from')],
    [undefined, 'r1', `${event.topic}:${event.partition}:7`],
  );
  assert.deepEqual([counts, commands], [{ mapped: 1, skipped: 1, deadLettered: 0 }, 1]);
});

test('a replay sees the users as the live events have left them: who is suppressed stays so, and nothing newer is overridden', () => {
  const { state, live, replay } = createMapper();
  const deletion = at(1n, { type: 'delete', userId: 'a', messageId: 'd' });
  const events = [identify(0n, 'a'), deletion, identify(2n, 'b')];
  const lived = live(...events).map(({ value }) => decoded(value));
  const before = state.get(userStateKey('acme', 'a'));
  state.takeChanges(0);
  const { outputs, counts } = replay(...events);
  const replayed = outputs.map(({ value }) => decoded(value));
  assert.deepEqual(
    replayed.map(({ kind }) => kind),
    ['DeleteUser', 'UpsertUser'],
  );
  assert.deepEqual(
    replayed.map(({ record }) => [record.commandId, record.occurredAt]),
    lived.slice(1).map(({ record }) => [record.commandId, record.occurredAt]),
  );
  assert.deepEqual(counts, { mapped: 2, skipped: 1, deadLettered: 0 });
  assert.deepEqual([state.get(userStateKey('acme', 'a')), state.takeChanges(0)], [before, []]);

  live(at(3n, { type: 'unsuppress', userId: 'a', messageId: 'u' }), identify(4n, 'a'));
  const lifted = state.get(userStateKey('acme', 'a'));
  assert.deepEqual(
    replay(...events).outputs.map(({ value }) => decoded(value).kind),
    ['DeleteUser', 'UpsertUser'],
    'what was received before the deletion stays out',
  );
  assert.deepEqual(state.get(userStateKey('acme', 'a')), lifted, 'a replayed deletion does not suppress again');
});

test('the dead letter of a replayed event names the event where it lies, and bears the marks', () => {
  const { replay } = createMapper();
  const { outputs, counts } = replay(eventRecord('poison', { offset: 9n, partition: 3 }));
  const [deadLetter] = outputs;
  assert.ok(deadLetter);
  assert.deepEqual(
    [deadLetter.topic, deadLetter.partition, deadLetter.value?.toString()],
    [topics.segmentEventsDeadLetters.name, 3, 'poison'],
  );
  assert.deepEqual([headerText(deadLetter, 'dlq.offset'), headerText(deadLetter, 'replay-id')], ['9', 'r1']);
  assert.deepEqual(counts, { mapped: 0, skipped: 0, deadLettered: 1 });
});

test('what came of replayed events is counted apart from live ones', async () => {
  const registry = createMetrics({ service: 'mapper' });
  const metrics = createReplayMetrics(registry, () => new Map([[2, 40]]));
  const counts = { mapped: 3, filteredOut: 2, expired: 5 };
  countReplayed([{ counts, commands: 4, gaveWayMs: 500 }], metrics);
  const text = await registry.registry.metrics();
  for (const line of [
    'mapper_replay_events_total{outcome="mapped"} 3',
    'mapper_replay_events_total{outcome="filtered-out"} 2',
    'mapper_replay_events_total{outcome="expired"} 5',
    'mapper_replay_commands_total 4',
    'mapper_replay_gave_way_seconds_total 0.5',
    'mapper_replay_lag_records{partition="2"} 40',
  ]) {
    assert.ok(text.includes(line), line);
  }
});
