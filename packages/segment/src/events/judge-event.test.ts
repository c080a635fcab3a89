import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureValue } from '../json/json-text.ts';
import { judgeEvent, type Verdict } from './judge-event.ts';
import { maxBatchEvents, maxEventBytes, maxEventDepth, maxEventMembers } from './limits.ts';
import { identifyCall, trackCall } from '../testing.ts';

const rules = { impliedType: undefined, maxEventBytes, maxEvents: maxBatchEvents, isTrusted: true };

function verdictOn(text: string, index = 0): Verdict {
  const bytes = Buffer.from(text);
  return judgeEvent(bytes, { value: JSON.parse(text) as unknown, span: measureValue(bytes, 0) }, index, rules);
}

const verdictOnCall = (call: object, index = 0) => verdictOn(JSON.stringify(call), index);
const codeOf = (verdict: Verdict) => (verdict.kind === 'rejected' ? verdict.code : 'accepted');

test('an event within the limits is accepted', () => {
  const verdict = verdictOnCall(identifyCall());
  assert.deepEqual(
    verdict.kind === 'accepted' && [verdict.type, verdict.isUnsupported, verdict.messageId, verdict.identity.userId],
    ['identify', false, identifyCall()['messageId'], 'userId123'],
  );
});

for (const type of ['page', 'screen', 'alias']) {
  test(`${type} is accepted, and marked as unsupported by the destination`, () => {
    const verdict = verdictOnCall({ type, userId: 'u1', previousId: 'u0' });
    assert.equal(verdict.kind === 'accepted' && verdict.isUnsupported, true);
  });
}

for (const type of ['delete', 'unsuppress'])
  test(`${type} needs more than a write key, which anybody can read in a web page`, () => {
    const text = JSON.stringify({ type, userId: 'u1' });
    const bytes = Buffer.from(text);
    const submitted = { value: JSON.parse(text) as unknown, span: measureValue(bytes, 0) };
    assert.equal(codeOf(judgeEvent(bytes, submitted, 0, rules)), 'accepted');
    assert.equal(codeOf(judgeEvent(bytes, submitted, 0, { ...rules, isTrusted: false })), 'event.unauthenticated');
  });

test('an event of exactly 32 KB is accepted, and one byte more is too large', () => {
  const frame = JSON.stringify(trackCall(1, { properties: { text: '' } })).length;
  const withText = (bytes: number) => trackCall(1, { properties: { text: 'x'.repeat(bytes - frame) } });
  assert.equal(codeOf(verdictOnCall(withText(maxEventBytes))), 'accepted');
  const verdict = verdictOnCall(withText(maxEventBytes + 1));
  assert.equal(codeOf(verdict), 'event.too-large');
  assert.equal(verdict.kind === 'rejected' && verdict.reason, 'the event has 32769 bytes; at most 32768 are allowed');
});

test('depth is bounded', () => {
  const nested = (levels: number) =>
    `{"type":"track","userId":"u","event":"E","x":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  assert.equal(codeOf(verdictOn(nested(maxEventDepth - 1))), 'accepted');
  assert.equal(codeOf(verdictOn(nested(maxEventDepth))), 'event.too-large');
});

test('the number of properties is bounded, including nested ones', () => {
  const withMembers = (count: number) =>
    `{"type":"track","userId":"u","event":"E","x":[${Array.from({ length: count - 4 }, () => '{"":0').join('},')}}]}`;
  const large = { ...rules, maxEventBytes: 1_000_000 };
  const verdictFor = (count: number) => {
    const text = withMembers(count);
    const bytes = Buffer.from(text);
    return codeOf(judgeEvent(bytes, { value: JSON.parse(text) as unknown, span: measureValue(bytes, 0) }, 0, large));
  };
  assert.equal(verdictFor(maxEventMembers), 'accepted');
  assert.equal(verdictFor(maxEventMembers + 1), 'event.too-large');
});

test('the 2,501st event of a batch is rejected', () => {
  assert.equal(codeOf(verdictOnCall(identifyCall(), maxBatchEvents - 1)), 'accepted');
  assert.equal(codeOf(verdictOnCall(identifyCall(), maxBatchEvents)), 'event.too-large');
});

test('a rejected event keeps what is known of it, so that it can be named and placed', () => {
  const verdict = verdictOnCall({ type: 'track', userId: 'u1', messageId: 'm1' });
  assert.deepEqual(
    verdict.kind === 'rejected' && [verdict.code, verdict.type, verdict.messageId, verdict.identity.userId],
    ['event.invalid', 'track', 'm1', 'u1'],
  );
});

test('a user id beyond 2^53 is the digits that were sent, not their rounding', () => {
  const verdict = verdictOn('{"type":"identify","userId":9007199254740993}');
  assert.equal(verdict.identity.userId, '9007199254740993');
});

test('every id beyond 2^53 keeps its digits, under any spelling, and of a repeated one the last counts', () => {
  for (const [text, expected] of [
    [
      '{"type":"group","user_id":1,"user_id":9007199254740993,"groupId":-9007199254740995}',
      ['9007199254740993', '-9007199254740995'],
    ],
    [
      '{"type":"group","userId":null,"UserID" : 9007199254740993 ,"group_id":18446744073709551615}',
      ['9007199254740993', '18446744073709551615'],
    ],
    [
      '{"type":"group","\\u0075serId":9007199254740993,"groupId":9007199254740992.5}',
      ['9007199254740993', '9007199254740992'],
    ],
    [
      '{"type":"group","userId":1e400,"groupId":9007199254740993,"traits":{"userId":9007199254740999}}',
      [undefined, '9007199254740993'],
    ],
  ] as const) {
    const { userId, groupId } = verdictOn(text).identity;
    assert.deepEqual([userId, groupId], expected, text);
  }
});

test('a messageId of 100 characters is accepted, and one of 101 is rejected and not used', () => {
  assert.equal(codeOf(verdictOnCall(identifyCall(1, { messageId: 'm'.repeat(100) }))), 'accepted');
  const verdict = verdictOnCall(identifyCall(1, { messageId: 'm'.repeat(101) }));
  assert.deepEqual([codeOf(verdict), verdict.messageId], ['event.invalid', undefined]);
});

test('an event refused for its size has no id if that id is a rounded number', () => {
  const verdict = verdictOn(
    `{"type":"identify","userId":9007199254740993,"traits":{"a":"${'x'.repeat(maxEventBytes)}"}}`,
  );
  assert.deepEqual([codeOf(verdict), verdict.identity.userId], ['event.too-large', undefined]);
});
