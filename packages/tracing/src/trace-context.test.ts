import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validTraceparent } from './trace-context.ts';

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
