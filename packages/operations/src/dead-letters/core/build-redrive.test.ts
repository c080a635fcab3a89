import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partitionFor, toDeadLetter, toHeaders, type ConsumedRecord } from '@astrolabe/records';
import { parseRawJson } from '@astrolabe/segment';
import { buildRedrive, type RedriveRules } from './build-redrive.ts';
import { readDeadLetter, type DeadLetter } from './dead-letter.ts';
import type { EditedDeadLetter } from './edited-export.ts';
import type { DeadLetterContent } from './dead-letter-content.ts';

const rules: RedriveRules = { maxRedrives: 3, partitions: 6, encoder: undefined };
const KEY = '["acme","user","u1"]';
const TOPIC = 'segment.events.dlq.v1';

function deadLetter(
  value: string,
  fields: { fromTopic?: boolean; headers?: Record<string, string>; key?: string } = {},
): DeadLetter {
  const { fromTopic = true, headers = {}, key = KEY } = fields;
  const source: ConsumedRecord = {
    topic: 'segment.events.v1',
    partition: 4,
    offset: 9n,
    timestampMs: 1_000,
    key: Buffer.from(key),
    value: Buffer.from(value),
    headers: toHeaders({
      'connector-id': 'acme',
      'message-id': 'm1',
      'received-at': '2026-03-01T10:00:00.000Z',
      ...headers,
    }),
  };
  const dead = toDeadLetter(source, { code: 'event.unmappable', message: 'why', group: 'mapper', atMs: 2_000 });
  const record = { ...source, ...dead, topic: TOPIC, partition: 4, offset: 41n };
  const { 'dlq.topic': _topic, ...refused } = record.headers;
  return readDeadLetter('events', fromTopic ? record : { ...record, headers: refused });
}

function contentOf({ record }: DeadLetter): DeadLetterContent {
  const text = record.value?.toString() ?? '';
  return parseRawJson(text).kind === 'json' ? { kind: 'event', text } : { kind: 'text', text };
}

async function redrive(
  dead: DeadLetter,
  edited?: EditedDeadLetter['value'],
  over: Partial<RedriveRules> = {},
  asTrusted = false,
) {
  return buildRedrive(dead, contentOf(dead), { edited, asTrusted }, { ...rules, ...over });
}

const event = '{"type":"track","userId":"u1","messageId":"m1", "event":"E","n":12345678901234567890}';

test('a dead letter that was on the topic goes back byte for byte, with its key, ids and headers, and without its cause', async () => {
  const back = await redrive(deadLetter(event, { headers: { traceparent: '00-1' } }));
  assert.ok(back.kind === 'send');
  assert.equal(back.record.value?.toString(), event);
  assert.equal(back.record.key?.toString(), KEY);
  assert.equal(back.record.partition, partitionFor(Buffer.from(KEY), 6));
  assert.deepEqual(
    Object.fromEntries(Object.entries(back.record.headers).map(([name, value]) => [name, value.toString()])),
    {
      'connector-id': 'acme',
      'message-id': 'm1',
      'received-at': '2026-03-01T10:00:00.000Z',
      traceparent: '00-1',
      'redrive-count': '1',
      'redrive-from': `${TOPIC}:4:41`,
    },
  );
});

test('a dead letter is redriven at most as often as allowed, counted for its own topic', async () => {
  const comesBack = (count: string, from: string) =>
    deadLetter(event, { headers: { 'redrive-count': count, 'redrive-from': from } });
  const again = await redrive(comesBack('2', `${TOPIC}:4:12`));
  assert.equal(again.kind === 'send' && again.record.headers['redrive-count']?.toString(), '3');
  assert.equal((await redrive(comesBack('3', `${TOPIC}:4:12`))).kind, 'exhausted');
  assert.equal((await redrive(comesBack('3', `${TOPIC}:4:12`), undefined, { maxRedrives: 4 })).kind, 'send');
  assert.equal((await redrive(comesBack('3', 'another.dlq:4:12'))).kind, 'send');
});

test('what ingest or a backfill refused goes back only if it is valid now', async () => {
  const refused = await redrive(deadLetter('{"type":"track","userId":"u1"}', { fromTopic: false }));
  assert.ok(refused.kind === 'refused');
  assert.match(refused.reason, /event\.invalid: a track call needs the name of its event/);
  assert.equal((await redrive(deadLetter('not json', { fromTopic: false }))).kind, 'refused');
  assert.equal((await redrive(deadLetter(event, { fromTopic: false }))).kind, 'send');
});

test('an edited event is validated and completed as by ingest, and keyed by the user it is about', async () => {
  const dead = deadLetter('{"type":"track","userId":"u1"}');
  const fixed = await redrive(dead, { kind: 'event', text: '{"type":"track","userId":"u2","event":"E"}' });
  assert.ok(fixed.kind === 'send');
  assert.equal(fixed.isEdited, true);
  assert.equal(fixed.record.key?.toString(), '["acme","user","u2"]');
  assert.match(fixed.record.value?.toString() ?? '', /"messageId":"m1","receivedAt":"2026-03-01T10:00:00.000Z"/);
  const broken = await redrive(dead, { kind: 'event', text: '{"type":"track","userId":"u2"}' });
  assert.equal(broken.kind, 'refused');
  const renamed = await redrive(dead, { kind: 'event', text: '{"type":"identify","userId":"u1","messageId":"m2"}' });
  assert.ok(renamed.kind === 'refused');
  assert.match(renamed.reason, /messageId is m2; remove it, or set it to m1/);
});

test('a value that is the same in another layout is not edited: the original bytes go back', async () => {
  const text = '{"type": "track", "userId": "u1", "messageId": "m1", "event": "E", "n": 12345678901234567890}';
  const back = await redrive(deadLetter(event), { kind: 'event', text });
  assert.ok(back.kind === 'send');
  assert.equal(back.isEdited, false);
  assert.equal(back.record.value?.toString(), event);
  const rounded = await redrive(deadLetter(event), {
    kind: 'event',
    text: text.replace('12345678901234567890', '12345678901234567000'),
  });
  assert.equal(rounded.kind === 'send' && rounded.isEdited, true);
});

test('a dead letter that holds only part of its record is refused as it is, and goes back when it is edited', async () => {
  const dead = deadLetter(`{"type":"track","userId":"u1","event":"${'E'.repeat(3_000_000)}"}`);
  const refused = await redrive(dead);
  assert.ok(refused.kind === 'refused');
  assert.match(
    refused.reason,
    /^\d+ bytes of the record did not fit .* read the whole record at segment\.events\.v1:4:9$/,
  );
  const edited = await redrive(dead, { kind: 'event', text: event });
  assert.ok(edited.kind === 'send');
  assert.ok(!Object.keys(edited.record.headers).some((name) => name.startsWith('dlq.')));
});

const deletion = '{"type":"delete","userId":"victim","messageId":"m1"}';
const unsuppression = '{"type":"unsuppress","userId":"victim","messageId":"m1"}';
const trustOf = (back: Awaited<ReturnType<typeof redrive>>) =>
  back.kind === 'send' ? back.record.headers['sender-trust']?.toString() : back.kind;

test('a deletion not sent with the API key is not redriven unless the operator names it', async () => {
  for (const text of [deletion, unsuppression]) {
    for (const trust of ['write-key', 'nonsense', undefined]) {
      const headers: Record<string, string> = trust === undefined ? {} : { 'sender-trust': trust };
      const dead = deadLetter(text, { fromTopic: false, headers });
      const unnamed = await redrive(dead);
      assert.ok(unnamed.kind === 'untrusted', `${text} of ${trust}`);
      assert.match(unnamed.reason, /^(delete|unsuppress) of user victim: not sent with the API key$/);
      const named = await redrive(dead, undefined, {}, true);
      assert.equal(trustOf(named), 'operator', 'and from then on an operator vouches for it');
    }
  }
});

test('a deletion that came with the API key, or from an operator, goes back with that trust', async () => {
  for (const trust of ['api-key', 'operator']) {
    const dead = deadLetter(deletion, { fromTopic: false, headers: { 'sender-trust': trust } });
    assert.equal(trustOf(await redrive(dead)), trust);
  }
});

test('an edit gives an event no more trust than its sender had', async () => {
  const track = '{"type":"track","userId":"u1"}';
  for (const fromTopic of [true, false]) {
    const dead = deadLetter(track, { fromTopic, headers: { 'sender-trust': 'write-key' } });
    assert.equal((await redrive(dead, { kind: 'event', text: deletion })).kind, 'untrusted');
    assert.equal(trustOf(await redrive(dead, { kind: 'event', text: deletion }, {}, true)), 'operator');
    const identify = { kind: 'event', text: '{"type":"identify","userId":"u1"}' } as const;
    assert.equal(trustOf(await redrive(dead, identify)), 'write-key');
  }
});

test('an event sent too large with a write key is too large for a redrive as well, and may be edited', async () => {
  const large = `{"type":"identify","userId":"u1","messageId":"m1","traits":{"x":"${'x'.repeat(40_000)}"}}`;
  const dead = (trust: string) => {
    const refused = deadLetter(large, { fromTopic: false, headers: { 'sender-trust': trust } });
    return { ...refused, code: 'event.too-large' };
  };
  const refused = await redrive(dead('write-key'));
  assert.ok(refused.kind === 'refused');
  assert.match(refused.reason, /at most 32768 are allowed/);
  assert.equal((await redrive(dead('api-key'))).kind, 'send');
  assert.equal((await redrive(dead('write-key'), { kind: 'event', text: large.replace('xx', 'yy') })).kind, 'send');
});

test('an edited dead letter of a backfill keeps the time that was sent, since its time of receipt is not known', async () => {
  const text =
    '{"type":"identify","userId":"u1","timestamp":"2025-03-01T10:00:00.000Z","sentAt":"2025-03-01T10:00:05.000Z"}';
  const ofFile = deadLetter('{"type":"identify",', {
    fromTopic: false,
    headers: { 'sender-trust': 'operator', 'received-at': '2026-11-24T00:00:00.000Z' },
  });
  const back = await redrive(ofFile, { kind: 'event', text });
  assert.ok(back.kind === 'send');
  const { timestamp, receivedAt } = JSON.parse(back.record.value?.toString() ?? '') as Record<string, string>;
  assert.deepEqual([timestamp, receivedAt], ['2025-03-01T10:00:00.000Z', '2025-03-01T10:00:05.000Z']);
  const ofIngest = deadLetter('{"type":"identify",', { fromTopic: false, headers: { 'sender-trust': 'write-key' } });
  const corrected = await redrive(ofIngest, { kind: 'event', text });
  assert.ok(corrected.kind === 'send');
  assert.match(corrected.record.value?.toString() ?? '', /"timestamp":"2026-03-01T09:59:55\.000Z"/);
});
