/**
 * What a deletion leaves of its user at the API, with the API's real rules: it keeps whatever is newer than the
 * deletion.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { PartitionState } from '@astrolabe/processing';
import { toHeaders, topicsFor } from '@astrolabe/records';
import { createCommandEncoder } from '@astrolabe/records/serde';
import { createReferenceApi } from '@astrolabe/reference-api';
import { commandKinds, type Command } from '@astrolabe/schemas';
import { decodeCommand } from '@astrolabe/schemas/avro';
import { rulesOfUnknownConnector } from './core/mapping-rules.ts';
import { userStateCodec } from './core/user-state.ts';
import { createMapBatch } from './map-batch.ts';
import { eventRecord } from './testing/events.ts';

const KEY = 'key';
const NOON_MS = Date.UTC(2026, 10, 24, 12);
const MINUTE_MS = 60_000;

const encoder = createCommandEncoder(new Map(commandKinds.map((kind, index) => [kind, index + 1])));
const topics = topicsFor();

function bulkItem({ kind, record }: Command): object {
  const { commandId, connectorId: _c, messageId: _m, receivedAt: _r, occurredAt, ...fields } = record;
  const said = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  const name = kind.charAt(0).toLowerCase() + kind.slice(1);
  return { id: commandId, kind: name, occurredAt: new Date(occurredAt).toISOString(), ...said };
}

/**
 * Events of user `u`, each `atMinute` by the clock of the ingest that receives it, mapped one by one and sent to the
 * API.
 */
function start(t: TestContext) {
  const api = createReferenceApi({ apiKeys: [{ key: KEY, connector: 'acme' }] });
  t.after(() => api.close());
  const state = new PartitionState(userStateCodec);
  const mapBatch = createMapBatch({
    encoder,
    topics,
    groupId: 'mapper',
    nowMs: () => NOON_MS,
    rulesOf: () => rulesOfUnknownConnector,
    maxRecordBytes: 1_000_000,
    maxUsers: 100,
  });
  let sent = 0;
  const receive = async (atMinute: number, event: { readonly type: string; readonly messageId?: string }) => {
    const messageId = event.messageId ?? `m-${(sent += 1)}`;
    const headers = toHeaders({
      'connector-id': 'acme',
      'message-id': messageId,
      'received-at': new Date(NOON_MS + atMinute * MINUTE_MS).toISOString(),
    });
    const { outputs } = mapBatch([eventRecord({ userId: 'u', messageId, ...event }, { headers })], state);
    const commands = outputs.map(({ value }) => {
      const kind = commandKinds[(value?.readInt32BE(1) ?? 0) - 1];
      assert.ok(kind !== undefined && value != null);
      return bulkItem(decodeCommand(kind, value.subarray(5)));
    });
    if (commands.length === 0) return;
    const headersOfCall = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    const answer = await api.app.inject({
      method: 'POST',
      url: '/v1/commands',
      headers: headersOfCall,
      payload: JSON.stringify({ commands }),
    });
    assert.equal(answer.statusCode, 200, answer.body);
  };
  const get = async (path: string): Promise<unknown[]> => {
    const answer = await api.app.inject({ url: path, headers: { authorization: `Bearer ${KEY}` } });
    // An account that nobody has written has no list.
    return answer.statusCode === 404 ? [] : (JSON.parse(answer.body) as { items: unknown[] }).items;
  };
  const left = async () => [await get('/v1/users'), await get('/v1/events'), await get('/v1/accounts/g/users')].flat();
  return { receive, left };
}

const ahead = new Date(NOON_MS + 20 * 60 * MINUTE_MS).toISOString();
const identify = { type: 'identify', traits: { email: 'ann@acme.com' } };
const everything = [
  identify,
  { type: 'track', event: 'E', properties: { a: 1 } },
  { type: 'group', groupId: 'g', traits: {} },
];

test('data dated ahead of its receipt is gone after a deletion', async (t) => {
  const { receive, left } = start(t);
  for (const event of everything) await receive(0, { ...event, timestamp: ahead } as never);
  assert.equal((await left()).length, 3);
  await receive(1, { type: 'delete' });
  assert.deepEqual(await left(), []);
});

test('a deletion with an earlier timestamp deletes everything received before it', async (t) => {
  const { receive, left } = start(t);
  for (const event of everything) await receive(0, event);
  await receive(1, { type: 'delete', timestamp: '2026-11-23T00:00:00Z' } as never);
  assert.deepEqual(await left(), []);
});

for (const [where, deletionAt] of [
  ['behind', -9],
  ['ahead of', 11],
] as const) {
  test(`a deletion received by a clock that is ten minutes ${where} that of the events before it leaves nothing`, async (t) => {
    const { receive, left } = start(t);
    for (const event of everything) await receive(0, event);
    await receive(deletionAt, { type: 'delete' });
    assert.deepEqual(await left(), []);
    for (const event of everything) await receive(2, { ...event, messageId: 'later' });
    assert.deepEqual(await left(), [], 'and what is received later is not let in');
  });

  test(`after a lift received by a clock that is ten minutes ${where} that of the deletion the user's events count`, async (t) => {
    const { receive, left } = start(t);
    await receive(0, identify);
    await receive(1, { type: 'delete' });
    await receive(deletionAt + 1, { type: 'unsuppress' });
    await receive(deletionAt + 2, identify);
    assert.equal((await left()).length, 1);
    await receive(2, { type: 'delete' });
    assert.deepEqual(await left(), []);
  });
}

test('a deletion that is sent again after the lift removes nothing', async (t) => {
  const { receive, left } = start(t);
  await receive(0, { type: 'delete', messageId: 'd' });
  await receive(1, { type: 'unsuppress' });
  await receive(2, identify);
  await receive(3, { type: 'delete', messageId: 'd' });
  assert.equal((await left()).length, 1);
});
