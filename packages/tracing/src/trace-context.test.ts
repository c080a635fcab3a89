import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSampled, readTraceContext, toTraceparent, validTraceparent } from './trace-context.ts';

const valid = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

test('a valid traceparent is passed on', () => {
  assert.equal(validTraceparent(valid), valid);
  assert.equal(validTraceparent(`cc${valid.slice(2)}-future`), `cc${valid.slice(2)}-future`);
});

const invalid = {
  'none at all': undefined,
  'no traceparent': 'hello',
  'upper case': valid.toUpperCase(),
  'version ff': `ff${valid.slice(2)}`,
  'a trace id of zeros': `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
  'a span id of zeros': `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`,
  'version 00 with more': `${valid}-more`,
};

for (const [name, header] of Object.entries(invalid)) {
  test(`${name} is not passed on`, () => assert.equal(validTraceparent(header), undefined));
}

test('a tracestate counts beside a valid traceparent only, and only if an HTTP header may hold it', () => {
  assert.deepEqual(readTraceContext(valid, 'vendor=1,other=x'), { traceparent: valid, tracestate: 'vendor=1,other=x' });
  assert.equal(readTraceContext('hello', 'vendor=1'), undefined);
  for (const state of [undefined, '', 'a=ü', 'a=1\r\nX: y', 'a'.repeat(513)]) {
    assert.deepEqual(readTraceContext(valid, state), { traceparent: valid, tracestate: undefined }, state);
  }
});

test('a later version is passed on to others as version 00', () => {
  const later = readTraceContext(`cc${valid.slice(2)}-ü`, undefined) ?? assert.fail();
  assert.equal(toTraceparent(later), valid);
  const unsampled = readTraceContext(`${valid.slice(0, 53)}fe`, undefined) ?? assert.fail();
  assert.equal(toTraceparent(unsampled), `${valid.slice(0, 53)}00`);
  assert.deepEqual([isSampled(later), isSampled(unsampled)], [true, false]);
});
