import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyJsonText } from '@astrolabe/segment/testing';
import { trackingEndpoints, type Endpoint } from '../request/endpoints.ts';
import { findWriteKey } from './find-write-key.ts';
import { parseRequest } from '../request/parse-request.ts';

const batch = trackingEndpoints.get('batch') ?? assert.fail();
const track = trackingEndpoints.get('track') ?? assert.fail();

test('the key is found beside the batch, in its first event or in the event, in any form that JSON allows', () => {
  for (const [endpoint, text, key] of [
    [track, '{"writeKey":"k"}', 'k'],
    [track, ' { "a" : {"writeKey":"x"} , "writeKey" : "k" } ', 'k'],
    [track, '\ufeff{"write\\u004bey":"\\u006b"}', 'k'],
    [track, '{"writeKey":"a","writeKey":"k"}', 'k'],
    [track, '{"writeKey":"a","writeKey":7}', undefined],
    [track, '{"writeKey":""}', undefined],
    [track, '{"batch":[{"writeKey":"k"}]}', undefined],
    [batch, '{"batch":[{"writeKey":"k"}]}', 'k'],
    [batch, '{"batch":[{"writeKey":"a"}],"batch":[{"writeKey":"k"}]}', 'k'],
    [batch, '{"batch":[{},{"writeKey":"x"}]}', undefined],
    [batch, '{"batch":[{"writeKey":"x"}],"writeKey":"k"}', 'k'],
    [batch, '[{"writeKey":"x"}]', undefined],
  ] as const) {
    assert.equal(findWriteKey(endpoint, Buffer.from(text)), key, text);
  }
});

const text = fc.oneof(
  anyJsonText(),
  fc
    .tuple(
      fc.array(fc.tuple(fc.constantFrom('writeKey', 'write\\u004bey', 'batch', 'writeKeys', 'a'), anyKeyValue()), {
        maxLength: 4,
      }),
      fc.constantFrom('', ' ', '\ufeff'),
    )
    .map(([members, before]) => `${before}{${members.map(([name, value]) => `"${name}":${value}`).join(',')}}`),
);

function anyKeyValue(): fc.Arbitrary<string> {
  const scalar = fc.constantFrom('"k"', '"\\u006b"', '""', '7', 'null', '{"writeKey":"n"}');
  return fc.oneof(
    scalar,
    fc.array(scalar, { maxLength: 3 }).map((items) => `[ ${items.join(' , ')}]`),
  );
}

test('for any JSON it is what a parser reads as the key', () => {
  fc.assert(
    fc.property(fc.constantFrom<Endpoint>(batch, track), text, (endpoint, json) => {
      const content = parseRequest(endpoint, Buffer.from(json));
      if (content.kind === 'content') assert.equal(findWriteKey(endpoint, Buffer.from(json)), content.writeKey);
    }),
    { numRuns: 3_000 },
  );
});

test('it returns for any bytes', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Endpoint>(batch, track),
      text,
      fc.uint8Array({ maxLength: 20 }),
      fc.nat(60),
      (endpoint, json, bytes, at) => {
        const whole = Buffer.from(json);
        const broken = Buffer.concat([whole.subarray(0, at), bytes, whole.subarray(at)]);
        for (const body of [broken, whole.subarray(0, at)]) {
          const key = findWriteKey(endpoint, body);
          assert.ok(key === undefined || typeof key === 'string');
        }
      },
    ),
    { numRuns: 2_000 },
  );
});
