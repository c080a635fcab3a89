import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildEvent, connectors, indexOf } from './events.ts';

const events = Array.from({ length: 10_000 }, (_, index) => buildEvent(index));
const parsed = events.map(({ record }) => JSON.parse(String(record.value)) as Record<string, unknown>);

test('events are of 600 to 800 bytes on average, the calls in the proportions of the table', () => {
  const bytes = events.reduce((sum, { record }) => sum + (record.value?.length ?? 0), 0) / events.length;
  assert.ok(bytes > 600 && bytes < 800, String(bytes));
  const counts = new Map<unknown, number>();
  for (const { type } of parsed) counts.set(type, (counts.get(type) ?? 0) + 1);
  assert.deepEqual(Object.fromEntries(counts), { track: 5_000, identify: 3_000, group: 1_500, page: 490, delete: 10 });
});

test('every event has a message id of its own, which tells its index', () => {
  assert.deepEqual(
    parsed.map(({ messageId }) => indexOf(String(messageId))),
    events.map((_, index) => index),
  );
});

test('every connector has events, and a user belongs to one', () => {
  const connectorOf = new Map<unknown, string>();
  for (const [index, { record }] of events.entries()) {
    const connector = String(record.headers['connector-id']);
    const { userId } = parsed[index] ?? {};
    assert.equal(connectorOf.get(userId) ?? connector, connector);
    connectorOf.set(userId, connector);
  }
  assert.deepEqual([...new Set(connectorOf.values())].sort(), connectors.map(({ id }) => id).sort());
});
