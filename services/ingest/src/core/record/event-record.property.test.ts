import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  eventTimes,
  isJsonObject,
  judgeEvent,
  maxBatchEvents,
  maxEventBytes,
  occurrenceOf,
  parseTimestamp,
  parseEvent,
  partitionKey,
} from '@astrolabe/segment';
import { anyEventLike, anyJson, anyJsonText } from '@astrolabe/segment/testing';
import { trackingEndpoints, type Endpoint } from '../request/endpoints.ts';
import { buildEventRecord, buildRecordOrigin } from './event-record.ts';
import { parseRequest } from '../request/parse-request.ts';

const RECEIVED_AT = '2026-03-01T10:00:00.000Z';
const batch: Endpoint = trackingEndpoints.get('batch') ?? assert.fail();

const eventText = fc.oneof(
  anyEventLike().map((event) => JSON.stringify(event)),
  anyJson().map((value) => JSON.stringify(value)),
  anyJsonText(),
  // Unusual text of an otherwise right event.
  anyJsonText().map((value) => `{"type":"track","userId":"u1","event":"E", "properties":{"x":${value}}}`),
);
const contextText = fc.oneof(
  anyJsonText(),
  fc.constantFrom('{"library":{"name":"go"}}', '{"ip":"192.0.2.1","a":1}', 'null'),
);

function record(items: readonly string[], envelope: string) {
  const content = parseRequest(batch, Buffer.from(`{${envelope}"batch":[${items.join(',')}]}`));
  if (content.kind === 'refused') return assert.fail(content.message);
  const origin = buildRecordOrigin('acme', Date.parse(RECEIVED_AT), {
    envelope: content.envelope,
    clientIp: undefined,
    trace: undefined,
    isTrusted: true,
  });
  return content.events.map((event, index) => {
    const verdict = judgeEvent(content.bytes, event, index, {
      impliedType: undefined,
      maxEventBytes,
      maxEvents: maxBatchEvents,
      isTrusted: true,
    });
    const additions = { messageId: verdict.messageId ?? 'new-id', times: eventTimes(verdict.fields, origin) };
    const stored = buildEventRecord(content.bytes, event, verdict, additions, origin);
    return { verdict, stored, times: additions.times, sent: event.value };
  });
}

test('any JSON gets exactly one verdict, and any batch one for each of its items', () => {
  fc.assert(
    fc.property(fc.array(eventText, { maxLength: 5 }), (items) => {
      const results = record(items, '');
      assert.equal(results.length, items.length);
      for (const { verdict } of results) assert.ok(verdict.kind === 'accepted' || verdict.reason !== '');
    }),
    { numRuns: 500 },
  );
});

test('what is stored parses back to what was sent plus the additions', () => {
  fc.assert(
    fc.property(eventText, contextText, fc.constantFrom('', '"sentAt":"now",'), (item, context, sentAt) => {
      const [result] = record([item], `${sentAt}"context":${context},`);
      assert.ok(result);
      const { sent, verdict, times } = result;
      const stored = JSON.parse(result.stored.value?.toString('utf8') ?? '') as unknown;
      if (!isJsonObject(sent)) return assert.deepEqual(stored, sent);
      assert.ok(isJsonObject(stored));
      const added = new Set(['messageId', 'receivedAt', 'sentAt', 'context', 'originalTimestamp', 'timestamp']);
      for (const [name, value] of Object.entries(sent)) {
        const isEmpty = value === null || value === '';
        if (added.has(name) && (isEmpty || name === 'context')) continue;
        const place = name === 'timestamp' && times.kind === 'corrected' ? 'originalTimestamp' : name;
        assert.deepEqual(stored[place], value, name);
      }
      for (const name of Object.keys(stored)) assert.ok(added.has(name) || Object.hasOwn(sent, name), name);
      const shared = JSON.parse(context) as unknown;
      const own = verdict.fields.context;
      if (verdict.kind === 'accepted' && isJsonObject(shared) && (own === undefined || isJsonObject(own))) {
        const merged = parseEvent(stored);
        assert.deepEqual(merged.kind === 'event' && merged.event.context, { ...shared, ...own });
      }
    }),
    { numRuns: 1000 },
  );
});

test('the text of an event that needs no replacement is a prefix of what is stored', () => {
  fc.assert(
    fc.property(anyJsonText(), (value) => {
      const item = `{"messageId":"m1","type":"track","userId":"u1","event":"E","properties":{"x":${value}}}`;
      const [result] = record([item], '"sentAt":"now","context":{"a":1},');
      assert.equal(
        result?.stored.value?.toString('utf8'),
        `${item.slice(0, -1)},"receivedAt":"${RECEIVED_AT}","sentAt":"now","originalTimestamp":"${RECEIVED_AT}","timestamp":"${RECEIVED_AT}","context":{"a":1}}`,
      );
    }),
  );
});

test('the key of what is stored is that of the event as it parses from the topic', () => {
  fc.assert(
    fc.property(eventText, (item) => {
      const [result] = record([item], '');
      const parsed = parseEvent(JSON.parse(result?.stored.value?.toString('utf8') ?? ''));
      fc.pre(result?.verdict.kind === 'accepted' && parsed.kind === 'event');
      assert.equal(result.stored.key?.toString('utf8'), partitionKey('acme', parsed.event));
    }),
  );
});

test('an event read back from the topic happened when it happened as it was sent', () => {
  const receivedAtMs = Date.parse(RECEIVED_AT);
  const sentAt = fc.constantFrom('', '"sentAt":"2026-03-01T11:00:00+0000",', '"sentAt":"now",');
  fc.assert(
    fc.property(eventText, sentAt, (item, envelope) => {
      const [result] = record([item], envelope);
      const stored = parseEvent(JSON.parse(result?.stored.value?.toString('utf8') ?? ''));
      fc.pre(result?.verdict.kind === 'accepted' && stored.kind === 'event');
      const { fields } = result.verdict;
      const hasOwn = fields.sentAt !== undefined && fields.sentAt !== '';
      const batchSentAt =
        envelope === '' ? undefined : (JSON.parse(`{${envelope.slice(0, -1)}}`) as { sentAt: string });
      const isAbsent = (field: unknown) => field === undefined || field === '';
      // An unreadable time of receipt is stored as it came; ingest judges by its own, unless the times are Segment's
      // already.
      const isOurs =
        parseTimestamp(fields.receivedAt) === undefined &&
        (isAbsent(fields.receivedAt) || isAbsent(fields.originalTimestamp));
      const own = isOurs ? { receivedAt: RECEIVED_AT } : {};
      const sent = { ...fields, ...(hasOwn ? {} : { sentAt: batchSentAt?.sentAt }), ...own };
      assert.equal(occurrenceOf(stored.event, receivedAtMs).atMs, occurrenceOf(sent, receivedAtMs).atMs);
    }),
    { numRuns: 1000 },
  );
});
