import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTraffic } from './create-traffic.ts';
import type { TrafficCall } from './traffic-call.ts';
import { trafficConnectors } from './traffic-connector.ts';

const startMs = Date.parse('2026-11-24T10:00:00.000Z');
const draw = (seed: number, events: number): TrafficCall[] => [
  ...createTraffic({ seed, events, connectors: trafficConnectors, startMs }),
];

test('the same seed gives the same traffic, another seed another, with as many events as were asked for', () => {
  assert.deepEqual(draw(3, 500), draw(3, 500));
  assert.notDeepEqual(draw(3, 500), draw(4, 500));
  const count = draw(3, 501).reduce((sum, { events }) => sum + events.length, 0);
  assert.equal(count, 501);
});

test("a user's events are all of one stream", () => {
  const streams = new Map<string, number>();
  for (const { connectorId, stream, events } of draw(5, 3_000)) {
    for (const { body } of events) {
      const { userId, anonymousId, groupId } = body;
      const identity = JSON.stringify([
        connectorId,
        userId ?? null,
        userId === undefined ? (anonymousId ?? groupId) : null,
      ]);
      if (userId === undefined && anonymousId === undefined && groupId === undefined) continue;
      assert.equal(streams.get(identity) ?? stream, stream, identity);
      streams.set(identity, stream);
    }
  }
});

test('traffic holds what breaks pipelines: repeats, floods, odd ids, impossible times, deletions and bad events', () => {
  const calls = draw(1, 4_000);
  const events = calls.flatMap((call) => call.events);
  const ids = events.map(({ messageId }) => messageId);
  assert.ok(new Set(ids).size < ids.length - 50, 'repeated events');
  assert.ok(calls.some((call) => new Set(call.events.map(({ messageId }) => messageId)).size < call.events.length));
  assert.ok(
    calls.some((call) => call.events.length >= 20),
    'floods',
  );
  for (const userId of ['a/b', '%2e', '😀', 'ann@gmail.com']) {
    assert.ok(
      events.some(({ body }) => body['userId'] === userId),
      userId,
    );
  }
  for (const type of ['identify', 'group', 'track', 'page', 'screen', 'alias', 'delete', 'unsuppress', 'identyfi']) {
    assert.ok(
      events.some((event) => event.type === type),
      type,
    );
  }
  assert.ok(events.some(({ body }) => String(body['timestamp']).startsWith('2099')));
  assert.deepEqual(new Set(calls.map(({ path }) => path.split('/')[1])), new Set(['v1', 'segment', 'webhook']));
});
