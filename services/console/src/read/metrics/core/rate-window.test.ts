import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateWindow } from './rate-window.ts';

test('the last minutes are counted of each connector, and what the first look counted came before', () => {
  const window = new RateWindow(1_000);
  window.add(0, new Map([['acme', [100, 0, 0, 0, 0, 0]]]));
  assert.equal(window.counts(), undefined);
  window.add(500, new Map([['acme', [3, 1, 2, 0, 0, 0]]]));
  window.add(
    1_000,
    new Map([
      ['acme', [1, 0, 0, 0, 0, 4]],
      ['beta', [0, 0, 0, 1, 2, 0]],
    ]),
  );
  const counts = window.counts();
  assert.equal(counts?.overMs, 1_000);
  assert.deepEqual(counts.byConnector.get('acme'), {
    received: 4,
    rejected: 1,
    delivered: 2,
    duplicate: 0,
    dead: 0,
    retries: 4,
  });
  window.add(2_000, new Map());
  assert.deepEqual(window.counts()?.byConnector, new Map());
});
