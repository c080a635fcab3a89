import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '@astrolabe/segment';
import { isDestinedForAstrolabe } from './integrations.ts';

const table: readonly (readonly [JsonObject, boolean])[] = [
  [{}, true],
  [{ All: true }, true],
  [{ All: false }, false],
  [{ All: false, Astrolabe: true }, true],
  [{ All: false, Astrolabe: { option: 1 } }, true],
  [{ All: true, Astrolabe: false }, false],
  [{ Astrolabe: false }, false],
  [{ Astrolabe: {} }, true],
  [{ Astrolabe: null }, true],
  [{ All: false, Astrolabe: null }, false],
  [{ All: null }, true],
  // Names are case-sensitive in Segment.
  [{ astrolabe: false, all: false }, true],
  [{ Mixpanel: false, 'Google Analytics': true }, true],
  [JSON.parse('{"__proto__":{"Astrolabe":false}}') as JsonObject, true],
];

test("the destination's own entry decides, else All, else the event is delivered", () => {
  for (const [integrations, expected] of table) {
    assert.equal(isDestinedForAstrolabe({ integrations }), expected, JSON.stringify(integrations));
  }
});
