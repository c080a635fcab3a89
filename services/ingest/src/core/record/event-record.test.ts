import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TraceContext } from '@astrolabe/tracing';
import { eventTimes, judgeEvent, maxBatchEvents, maxEventBytes } from '@astrolabe/segment';
import { toText } from '../../testing.ts';
import { trackingEndpoints, type Endpoint } from '../request/endpoints.ts';
import { buildDeadLetter, buildEventRecord, buildRecordOrigin } from './event-record.ts';
import { parseRequest } from '../request/parse-request.ts';

const RECEIVED_AT = '2026-03-01T10:00:00.000Z';
const NEW_ID = 'new-id';
/** What every event gets that says nothing about its time. */
const RECEIVED = `"receivedAt":"${RECEIVED_AT}"`;
const TIMES = `"originalTimestamp":"${RECEIVED_AT}","timestamp":"${RECEIVED_AT}"`;

function storedFrom(
  path: string,
  body: string,
  { clientIp, trace, isTrusted = true }: { clientIp?: string; trace?: TraceContext; isTrusted?: boolean } = {},
) {
  const endpoint: Endpoint = trackingEndpoints.get(path) ?? assert.fail();
  const content = parseRequest(endpoint, Buffer.from(body));
  if (content.kind === 'refused') return assert.fail(content.message);
  const origin = buildRecordOrigin('acme', Date.parse(RECEIVED_AT), {
    envelope: content.envelope,
    clientIp,
    trace,
    isTrusted,
  });
  const impliedType = endpoint.kind === 'single' ? endpoint.impliedType : undefined;
  const rules = { impliedType, maxEventBytes, maxEvents: maxBatchEvents, isTrusted };
  return content.events.map((event, index) => {
    const verdict = judgeEvent(content.bytes, event, index, rules);
    const build = verdict.kind === 'rejected' ? buildDeadLetter : buildEventRecord;
    const additions = { messageId: verdict.messageId ?? NEW_ID, times: eventTimes(verdict.fields, origin) };
    // @ts-expect-error -- the verdict is of the kind that the chosen function takes
    return toText(build(content.bytes, event, verdict, additions, origin));
  });
}

const valueFrom = (path: string, body: string, request = {}) => storedFrom(path, body, request)[0]?.value;

test('an event that lacks nothing is stored byte for byte, with what is added at its end', () => {
  const event =
    '{"type":"identify", "userId":"u1","messageId":"m1","big":12345678901234567890,"n":1.50,"é":"\\u00e9" }';
  assert.equal(valueFrom('batch', `{"batch":[${event}]}`), `${event.slice(0, -1)},${RECEIVED},${TIMES}}`);
});

test('messageId and type are added if they are absent', () => {
  assert.equal(
    valueFrom('track', '{"userId":"u1","event":"E"}'),
    `{"userId":"u1","event":"E","messageId":"new-id","type":"track",${RECEIVED},${TIMES}}`,
  );
});

test('a null or empty member gets its value replaced, so that no name repeats', () => {
  assert.equal(
    valueFrom('track', '{"messageId": null ,"type":null,"userId":"u1","event":"E","receivedAt":""}'),
    `{"messageId": "new-id" ,"type":"track","userId":"u1","event":"E",${RECEIVED},${TIMES}}`,
  );
});

test('what the sender gave under another casing is not added again', () => {
  const event =
    '{"Type":"track","message_id":"m1","userid":"u1","event":"E","received_at":"2026-01-01T00:00:00Z","original_timestamp":"x"}';
  assert.equal(valueFrom('track', event), event);
});

test("an item without sentAt gets the batch's, in the batch's own text", () => {
  const item = '"type":"track","userId":"u1","event":"E","messageId":"m1"';
  const values = storedFrom(
    'batch',
    `{"batch":[{${item}},{${item},"sentAt":"own"}],"sentAt":"2026-03-01T09:59:59+0000"}`,
  );
  assert.deepEqual(
    values.map(({ value }) => value),
    [
      `{${item},${RECEIVED},"sentAt":"2026-03-01T09:59:59+0000",${TIMES}}`,
      `{${item},"sentAt":"own",${RECEIVED},${TIMES}}`,
    ],
  );
});

test("the batch's context and integrations are merged into each item, and the item's own members win", () => {
  const item = '"type":"track","userId":"u1","event":"E","messageId":"m1"';
  const values = storedFrom(
    'batch',
    `{"context":{"library":{"name":"go"},"ip":"192.0.2.1"},"integrations":{"All":true},"batch":[` +
      `{${item}},{${item},"context":{ "ip":"198.51.100.7" }},{${item},"context":{},"integrations":{"All":false}},{${item},"context":[]}]}`,
  );
  const received = `${RECEIVED},${TIMES}`;
  const shared = '{"library":{"name":"go"},"ip":"192.0.2.1"}';
  assert.deepEqual(
    values.map(({ value }) => value),
    [
      `{${item},${received},"context":${shared},"integrations":{"All":true}}`,
      `{${item},"context":{ "ip":"198.51.100.7" ,"library":{"name":"go"}},${received},"integrations":{"All":true}}`,
      `{${item},"context":${shared},"integrations":{"All":false},${received}}`,
      `{${item},"context":${shared},${received},"integrations":{"All":true}}`,
    ],
  );
});

test('an event that asks for it with context.direct gets the address of its client', () => {
  const event = (context: string) => `{"userId":"u1","event":"E","messageId":"m1","type":"track","context":${context}}`;
  const ipOf = (text: string | undefined) => (JSON.parse(text ?? '{}') as { context?: { ip?: string } }).context?.ip;
  const request = { clientIp: '203.0.113.7' };
  assert.equal(ipOf(valueFrom('track', event('{"direct":true}'), request)), '203.0.113.7');
  assert.equal(ipOf(valueFrom('track', event('{"direct":true,"ip":"192.0.2.1"}'), request)), '192.0.2.1');
  assert.equal(ipOf(valueFrom('track', event('{"direct":true}'))), undefined);
  assert.equal(ipOf(valueFrom('track', event('{"direct":"yes"}'), request)), undefined);
  const batch = '{"context":{"direct":true},"batch":[{"type":"identify","userId":"u1"}]}';
  assert.equal(ipOf(valueFrom('batch', batch, request)), '203.0.113.7');
});

test("key and headers name the event's connector, id, time and trace", () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const [record] = storedFrom('track', '{"userId":"u1","event":"E","messageId":"m1"}', {
    trace: { traceparent, tracestate: 'a=b' },
  });
  assert.equal(record?.key, '["acme","user","u1"]');
  assert.deepEqual(record.headers, {
    'connector-id': 'acme',
    'message-id': 'm1',
    'received-at': RECEIVED_AT,
    'sender-trust': 'api-key',
    traceparent,
    tracestate: 'a=b',
  });
});

test('a dead letter is the event with what was added, keyed if it can be, with its cause in headers', () => {
  const [record, scalar] = storedFrom('batch', '{"batch":[{"type":"track","userId":"u1"}, 5]}');
  assert.equal(record?.key, '["acme","user","u1"]');
  assert.equal(record.value, `{"type":"track","userId":"u1","messageId":"new-id",${RECEIVED},${TIMES}}`);
  assert.deepEqual(record.headers, {
    'connector-id': 'acme',
    'message-id': 'new-id',
    'received-at': RECEIVED_AT,
    'sender-trust': 'api-key',
    'dlq.code': 'event.invalid',
    'dlq.message': 'a track call needs the name of its event',
    'dlq.group': 'ingest',
    'dlq.at': RECEIVED_AT,
  });
  assert.deepEqual([scalar?.key, scalar?.value], [undefined, '5']);
});

test('every record says whether its sender proved more than a write key, including refused ones', () => {
  const body = '{"batch":[{"type":"delete","userId":"u1"},{"type":"identify","userId":"u1"}]}';
  for (const isTrusted of [true, false]) {
    const records = storedFrom('batch', body, { isTrusted });
    assert.deepEqual(
      records.map(({ headers }) => [headers['sender-trust'], headers['dlq.code']]),
      isTrusted
        ? [
            ['api-key', undefined],
            ['api-key', undefined],
          ]
        : [
            ['write-key', 'event.unauthenticated'],
            ['write-key', undefined],
          ],
    );
  }
});

const timed = (members: string) => `{"type":"track","userId":"u1","event":"E","messageId":"m1"${members},${RECEIVED}`;

test("a sender's time is corrected in place, and its old text becomes originalTimestamp unchanged", () => {
  for (const [timestamp, sentAt] of [
    ['"2026-03-01T10:59:58.000Z"', '"2026-03-01T11:00:00.000Z"'],
    ['"2026-03-01T10:59:58.000123+00:00"', '"2026-03-01T11:00:00.000456+00:00"'],
    ['"2026-03-01T10:59:58+0000"', '"2026-03-01T11:00:00+0000"'],
    ['1772362798000', '1772362800.0'],
    ['"2026\\u002d03-01T10:59:58Z"', '"2026-03-01T11:00:00Z"'],
  ] as const) {
    const sent = `{"type":"track","userId":"u1","event":"E","messageId":"m1", "timestamp" : ${timestamp} ,"sentAt":${sentAt},"b":9007199254740993}`;
    assert.equal(
      valueFrom('batch', `{"batch":[${sent}]}`),
      `{"type":"track","userId":"u1","event":"E","messageId":"m1", "timestamp" : "2026-03-01T09:59:58.000Z" ,"sentAt":${sentAt},"b":9007199254740993,${RECEIVED},"originalTimestamp":${timestamp}}`,
    );
  }
});

test("a batch's sentAt corrects the times of its items", () => {
  const sent = '{"type":"track","userId":"u1","event":"E","messageId":"m1","timestamp":"2026-03-01T10:59:58Z"}';
  const body = `{"sentAt":"2026-03-01T11:00:00+0000","batch":[${sent}]}`;
  assert.equal(
    valueFrom('batch', body),
    `${timed(',"timestamp":"2026-03-01T09:59:58.000Z"')},"sentAt":"2026-03-01T11:00:00+0000","originalTimestamp":"2026-03-01T10:59:58Z"}`,
  );
});

test('a time under another casing is corrected in place', () => {
  const sent = '{"type":"track","userId":"u1","event":"E","messageId":"m1","Timestamp":"2026-03-01T09:59:58+0000"}';
  assert.equal(
    valueFrom('batch', `{"batch":[${sent}]}`),
    `${timed(',"Timestamp":"2026-03-01T09:59:58.000Z"')},"originalTimestamp":"2026-03-01T09:59:58+0000"}`,
  );
});

test('a time that is right, that Segment has corrected, or that cannot be read is unchanged byte for byte', () => {
  const kept = ',"timestamp":"2026-03-01T09:59:58.000Z"';
  assert.equal(
    valueFrom('batch', `{"batch":[${timed(kept)}}]}`),
    `${timed(kept)},"originalTimestamp":"2026-03-01T09:59:58.000Z"}`,
  );
  for (const members of [
    ',"originalTimestamp":"2026-03-01T11:00:00Z","timestamp":"2026-03-01T10:00:00Z","sentAt":"2026-03-01T11:00:05Z"',
    ',"timestamp":"soon","sentAt":"2026-03-01T11:00:05Z"',
  ]) {
    assert.equal(valueFrom('batch', `{"batch":[${timed(members)}}]}`), `${timed(members)}}`);
  }
});
