import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxBatchItems } from '@astrolabe/segment';
import { partnerEndpoint, trackingEndpoints, webhookEndpoint, type Endpoint } from './endpoints.ts';
import { parseRequest, type RequestContent } from './parse-request.ts';

const batch = endpointAt('batch');
const track = endpointAt('track');

function endpointAt(path: string): Endpoint {
  return trackingEndpoints.get(path) ?? assert.fail(`no endpoint at ${path}`);
}

function contentOf(endpoint: Endpoint, body: string | Buffer): RequestContent {
  const parsed = parseRequest(endpoint, Buffer.from(body));
  return parsed.kind === 'content' ? parsed : assert.fail(parsed.message);
}

function refusalOf(endpoint: Endpoint, body: string | Buffer): readonly [code: string, message: string] {
  const parsed = parseRequest(endpoint, Buffer.from(body));
  return parsed.kind === 'refused' ? [parsed.code, parsed.message] : assert.fail('it was taken');
}

const textsOf = ({ bytes, events }: RequestContent) =>
  events.map(({ span }) => bytes.toString('utf8', span.start, span.end));

test("a batch is cut into its items' own text", () => {
  const content = contentOf(batch, ' {"sentAt":"now","batch" : [ {"a": 1.50} , 2,"]"],"writeKey":"k"}');
  assert.deepEqual(textsOf(content), ['{"a": 1.50}', '2', '"]"']);
  assert.deepEqual(
    content.events.map(({ value }) => value),
    [{ a: 1.5 }, 2, ']'],
  );
  assert.equal(content.writeKey, 'k');
  assert.equal(content.envelope?.sentAt, '"now"');
});

test('a single event is the body without the whitespace around it', () => {
  const content = contentOf(track, '\n {"event":"E"} \n');
  assert.deepEqual(textsOf(content), ['{"event":"E"}']);
  assert.equal(content.envelope, undefined);
});

test("the envelope's objects are kept as text, whole and by member", () => {
  const { envelope } = contentOf(batch, '{"batch":[],"context":{"library": {"name":"go"},"n":1.0},"integrations":{}}');
  assert.ok(envelope?.context);
  assert.equal(envelope.context.text, '{"library": {"name":"go"},"n":1.0}');
  assert.deepEqual(
    [...envelope.context.members],
    [
      ['library', '"library": {"name":"go"}'],
      ['n', '"n":1.0'],
    ],
  );
  assert.equal(envelope.integrations, undefined);
});

test('the last of a repeated envelope member counts, as in JSON.parse', () => {
  const content = contentOf(
    batch,
    '{"batch":[1],"context":{"a":1},"batch":[2,3],"context":null,"sentAt":"x","sentAt":null}',
  );
  assert.deepEqual(textsOf(content), ['2', '3']);
  assert.equal(content.envelope?.context, undefined);
  assert.equal(content.envelope?.sentAt, undefined);
});

test('the write key of a batch of browser events is that of its first event', () => {
  assert.equal(contentOf(batch, '{"batch":[{"writeKey":"k"}]}').writeKey, 'k');
});

test('a byte order mark is not part of the JSON', () => {
  assert.deepEqual(textsOf(contentOf(track, '\ufeff{"event":"E"}')), ['{"event":"E"}']);
});

test('only the first byte order mark is ignored, however many there are', () => {
  for (const endpoint of [track, batch, partnerEndpoint, webhookEndpoint]) {
    for (const marks of [2, 5_000, 262_000]) {
      const [code, message] = refusalOf(endpoint, Buffer.from(`${'\ufeff'.repeat(marks)}{}`));
      assert.equal(code, 'event.invalid-json');
      assert.match(message, /found U\+FEFF, expected a value, at line 1 column 1/);
    }
  }
});

test('bytes that are not UTF-8 are refused anywhere, so that two ids never become one', () => {
  for (const byte of [0xe9, 0xe8]) {
    const body = Buffer.concat([
      Buffer.from('{"type":"identify","userId":"ren'),
      Buffer.from([byte]),
      Buffer.from('"}'),
    ]);
    const [code, message] = refusalOf(track, body);
    assert.equal(code, 'event.invalid-json');
    assert.match(
      message,
      /^the body is not UTF-8: byte 0xE[89] at position 32 is not part of any character; JSON must be/,
    );
  }
  const utf16 = Buffer.from('\ufeff{"type":"identify","userId":"u"}', 'utf16le');
  assert.match(refusalOf(track, utf16)[1], /^the body begins with the byte order mark of UTF-16 \(little endian\); /);
});

test('a fault far into a body is refused without looking for it', () => {
  assert.deepEqual(refusalOf(track, `{"a":[${'[],'.repeat(30_000)}`), [
    'event.invalid-json',
    'the body is not valid JSON: the fault comes after its first 65536 characters',
  ]);
});

test('malformed JSON is refused with reason and place', () => {
  assert.deepEqual(refusalOf(batch, '{"batch":[1,]}'), [
    'event.invalid-json',
    "the body is not valid JSON: found ']', expected a value, at line 1 column 13 (character 12)",
  ]);
  assert.deepEqual(refusalOf(track, ' '), ['event.invalid-json', 'the body is empty; expected a JSON object']);
});

test('a body that cannot hold events is refused', () => {
  assert.deepEqual(refusalOf(partnerEndpoint, '[]'), [
    'event.invalid',
    'the body is JSON but no object; expected an object',
  ]);
  assert.equal(refusalOf(batch, '{}')[1], '"batch" is missing; expected {"batch": [event, ...]}');
  assert.equal(refusalOf(batch, '{"batch":{}}')[1], '"batch" is not an array; expected {"batch": [event, ...]}');
});

test('a batch too long to name each of its events is refused as a whole', () => {
  assert.equal(refusalOf(batch, `{"batch":[${'0,'.repeat(maxBatchItems)}0]}`)[0], 'event.too-large');
});

test('a body that nests as deep as it can is parsed like any other', () => {
  const depth = 300_000;
  const [event] = contentOf(track, `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`).events;
  assert.equal(event?.span.depth, depth + 1);
});

test('only a webhook may send a list, and each of its items is an event', () => {
  const content = contentOf(webhookEndpoint, ' [{"a": 1} , 2]');
  assert.deepEqual([textsOf(content), content.isList], [['{"a": 1}', '2'], true]);
  assert.deepEqual(
    [textsOf(contentOf(webhookEndpoint, '{"a": 1}')), contentOf(webhookEndpoint, '{}').isList],
    [['{"a": 1}'], false],
  );
  assert.equal(refusalOf(webhookEndpoint, `[${'0,'.repeat(maxBatchItems)}0]`)[0], 'event.too-large');
});

test('fields beside a batch count once for each event, and are refused if their copies are too large', () => {
  const items = Array.from({ length: 2_000 }, () => '{}').join(',');
  const filler = (bytes: number) => 'x'.repeat(bytes);
  for (const beside of [
    `"context":{"a":"${filler(9_000)}"}`,
    `"integrations":{"a":"${filler(9_000)}"}`,
    `"sentAt":"${filler(9_000)}"`,
    `"context":{"a":"${filler(4_500)}"},"sentAt":"${filler(4_500)}"`,
  ]) {
    const [code, message] = refusalOf(batch, `{"batch":[${items}],${beside}}`);
    assert.equal(code, 'event.too-large');
    assert.match(message, /go to each of its events, 18\d{6} bytes in all; at most 16777216 are allowed, so split/);
  }
  assert.equal(contentOf(batch, `{"batch":[{},{}],"context":{"a":1},"sentAt":"now"}`).sharedBytes, 2 * (7 + 5));
});
