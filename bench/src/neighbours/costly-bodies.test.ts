import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { maxRequestBytes } from '@astrolabe/segment';
import { costlyBodies } from './costly-bodies.ts';

test('costly bodies are small on the wire, and inflate to almost as much as ingest takes', () => {
  for (const body of costlyBodies()) {
    assert.ok(body.length < 1_000, String(body.length));
    const inflatedBytes = gunzipSync(body).length;
    assert.ok(inflatedBytes > maxRequestBytes * 0.99 && inflatedBytes <= maxRequestBytes, String(inflatedBytes));
  }
});
