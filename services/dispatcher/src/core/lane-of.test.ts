import assert from 'node:assert/strict';
import { test } from 'node:test';
import { laneOf } from './lane-of.ts';

test('records share a lane exactly if their keys have the same bytes, text or not', () => {
  const keys = ['["acme","user","u"]', '["acme","user","v"]', '["acme","account","u"]', 'ü', 'Ã¼'].map((key) =>
    Buffer.from(key),
  );
  const lanes = [...keys, Buffer.from([0xff]), Buffer.from([0xfe]), null].map((key) => laneOf({ key }));
  assert.equal(new Set(lanes).size, lanes.length);
  for (const key of keys) assert.equal(laneOf({ key }), laneOf({ key: Buffer.from(key) }));
});
