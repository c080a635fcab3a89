import assert from 'node:assert/strict';
import { test } from 'node:test';
import { occurrenceOf } from '@astrolabe/segment';
import { toLineRecord, type LineOrigin, type LineRecord } from './line-record.ts';

type TimedEvent = Parameters<typeof occurrenceOf>[0];

const origin: LineOrigin = {
  connectorId: 'acme',
  fileName: 'archive/day-1.gz',
  fileTimeMs: Date.UTC(2026, 2, 1),
  nowMs: Date.UTC(2026, 10, 24),
};

function made(text: string, number = 1, of = origin): Exclude<LineRecord, { kind: 'empty' }> {
  const record = toLineRecord({ number, bytes: Buffer.from(text), isCut: false, unit: 'line' }, of);
  return record.kind === 'empty' ? assert.fail('the line is empty') : record;
}

const headersOf = ({ record }: { record: { headers: Readonly<Record<string, Buffer>> } }) =>
  Object.fromEntries(Object.entries(record.headers).map(([name, value]) => [name, value.toString()]));

test("an event of Segment's archive goes on the topic byte for byte, under its own id and key", () => {
  const archived =
    '{"type":"track","messageId":"m1","userId":"u1","event":"E","n":12345678901234567890,"timestamp":"2026-02-01T00:00:00.000Z","originalTimestamp":"2026-02-01T00:00:00.001Z","receivedAt":"2026-02-01T00:00:01.000Z","sentAt":"2026-02-01T00:00:00.500Z"}';
  const line = made(archived);
  assert.equal(line.kind, 'event');
  assert.equal(line.record.value?.toString(), archived);
  assert.equal(line.record.key?.toString(), '["acme","user","u1"]');
  assert.deepEqual(headersOf(line), {
    'connector-id': 'acme',
    'message-id': 'm1',
    'received-at': '2026-11-24T00:00:00.000Z',
    backfill: '1',
    'sender-trust': 'operator',
  });
});

test('an event without id and time gets both from its file, so that a second run gives the same', () => {
  const text = '{"type":"identify","userId":"u1"}';
  const first = made(text, 7);
  const again = made(text, 7, { ...origin, nowMs: origin.nowMs + 1_000, fileName: 'moved/day-1.gz' });
  assert.match(headersOf(first)['message-id'] ?? '', /^backfill-[0-9a-f]{32}$/);
  assert.equal(first.record.value?.toString(), again.record.value?.toString());
  assert.match(first.record.value?.toString() ?? '', /"timestamp":"2026-03-01T00:00:00.000Z"/);
  for (const other of [made(text, 8), made(text, 7, { ...origin, connectorId: 'two' }), made(`${text} `, 7)]) {
    assert.notEqual(headersOf(other)['message-id'], headersOf(first)['message-id']);
  }
});

test('a line that does not tell when it was received keeps its time as it was sent, however late its file was written', () => {
  const times = (members: string) => {
    const line = made(`{"type":"identify","userId":"u1","messageId":"m1",${members}}`);
    const { timestamp, originalTimestamp, receivedAt } = JSON.parse(line.record.value?.toString() ?? '') as Record<
      string,
      string
    >;
    return [timestamp, originalTimestamp, receivedAt];
  };
  const happened = '2025-03-01T10:00:00.000Z';
  const sent = '2025-03-01T10:00:05.000Z';
  assert.deepEqual(times(`"timestamp":"${happened}","sentAt":"${sent}"`), [happened, happened, sent]);
  assert.deepEqual(times(`"timestamp":"${happened}"`), [happened, happened, happened]);
  assert.deepEqual(times(`"originalTimestamp":"${happened}","sentAt":"${sent}"`), [undefined, happened, sent]);
  const [atMs] = [`"originalTimestamp":"${happened}","sentAt":"${sent}"`].map((members) => {
    const line = made(`{"type":"identify","userId":"u1","messageId":"m1",${members}}`);
    return occurrenceOf(JSON.parse(line.record.value?.toString() ?? '') as TimedEvent, origin.nowMs).atMs;
  });
  assert.equal(atMs, Date.parse(happened));
  assert.deepEqual(
    times(`"timestamp":"${happened}","sentAt":"2025-03-01T11:00:05.000Z","receivedAt":"${sent}"`),
    ['2025-03-01T09:00:00.000Z', happened, sent],
    'its own time of receipt judges its clock',
  );
  assert.equal(times('"sentAt":"soon"')[2], '2026-03-01T00:00:00.000Z', 'the file, where nothing else tells');
});

test('a line whose deletion takes effect says so', () => {
  const isDeletion = (text: string) => {
    const line = made(text);
    return line.kind === 'event' && line.isDeletion;
  };
  assert.equal(isDeletion('{"type":"delete","userId":"u1"}'), true);
  assert.equal(isDeletion('{"type":"unsuppress","userId":"u1"}'), true);
  assert.equal(isDeletion('{"type":"identify","userId":"u1"}'), false);
});

test('a bad line is a dead letter that names file and line, with the reason that ingest would give', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['{"type":"track",', 'event.invalid-json', /^archive\/day-1\.gz:3: not valid JSON: .*, at line 1 column 17$/],
    ['[1]', 'event.invalid', /^archive\/day-1\.gz:3: the event is an array, expected a JSON object$/],
    ['{"type":"track","userId":"u1"}', 'event.invalid', /a track call needs the name of its event/],
    ['{"type":"buy","userId":"u1"}', 'event.unknown-type', /type is "buy"/],
    [`{"type":"identify","userId":"u1","x":"${'x'.repeat(65_536)}"}`, 'event.too-large', /at most 65536 are allowed/],
  ];
  for (const [text, code, message] of cases) {
    const line = made(text, 3);
    assert.equal(line.kind, 'dead-letter', text.slice(0, 40));
    const headers = headersOf(line);
    assert.equal(headers['dlq.code'], code);
    assert.match(headers['dlq.message'] ?? '', message);
    assert.equal(headers['dlq.group'], 'backfill');
    assert.equal(headers['connector-id'], 'acme');
  }
});

test('empty lines are none, and any line may begin with a byte order mark', () => {
  for (const text of ['', '  ', '\t']) {
    assert.equal(
      toLineRecord({ number: 2, bytes: Buffer.from(text), isCut: false, unit: 'line' }, origin).kind,
      'empty',
    );
  }
  for (const number of [1, 7]) assert.equal(made('\ufeff{"type":"identify","userId":"u1"}', number).kind, 'event');
});

test('a line that is not UTF-8 is a dead letter with its own bytes, so that two people never become one', () => {
  for (const byte of [0xe9, 0xe8]) {
    const bytes = Buffer.concat([
      Buffer.from('{"type":"identify","userId":"ren'),
      Buffer.from([byte]),
      Buffer.from('"}'),
    ]);
    const line = toLineRecord({ number: 4, bytes, isCut: false, unit: 'line' }, origin);
    assert.ok(line.kind === 'dead-letter');
    assert.equal(line.code, 'event.invalid-json');
    assert.match(line.reason, /^the line is not UTF-8: byte 0xE[89] at position 32 .* encode the text as UTF-8$/);
    assert.deepEqual(line.record.value, bytes);
  }
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('{"type":"identify"}', 'utf16le')]);
  const line = toLineRecord({ number: 1, bytes: utf16, isCut: false, unit: 'line' }, origin);
  assert.ok(line.kind === 'dead-letter');
  assert.match(line.reason, /byte order mark of UTF-16 \(little endian\)/);
});
