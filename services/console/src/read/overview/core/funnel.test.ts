import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toFreshness, toFunnel } from './funnel.ts';

const period = (counts: Readonly<Record<string, number>>) => ({
  fromMs: 0,
  toMs: 300_000,
  counts: new Map(Object.entries(counts)),
});

test('the funnel adds up by reason, the largest first', () => {
  const funnel = toFunnel(
    period({
      received: 110,
      rejected: 10,
      'skipped:type': 3,
      'skipped:email-domain': 7,
      'unmapped:event.unmappable': 2,
      mapped: 88,
      made: 120,
      delivered: 100,
      duplicate: 5,
      'dead:api.rejected': 4,
      'dead:api.retries-exhausted': 1,
    }),
  );
  assert.deepEqual(funnel.events, {
    received: 110,
    rejected: 10,
    skipped: 10,
    skippedBy: [
      { reason: 'email-domain', count: 7 },
      { reason: 'type', count: 3 },
    ],
    dead: 2,
    deadBy: [{ reason: 'event.unmappable', count: 2 }],
    mapped: 88,
  });
  assert.deepEqual([funnel.commands.dead, funnel.commands.made], [5, 120]);
  assert.equal(funnel.from, '1970-01-01T00:00:00.000Z');
});

test('a quantile is the bound of its class, and is absent beyond the longest', () => {
  const classes = { 'fresh-within:0.1': 50, 'fresh-within:0.5': 95, 'fresh-within:1': 98, 'fresh-within:+Inf': 100 };
  assert.deepEqual(toFreshness(period({ ...classes, 'fresh-count': 100, 'fresh-sum': 30 })), {
    deliveries: 100,
    meanSeconds: 0.3,
    p50AtMostSeconds: 0.1,
    p95AtMostSeconds: 0.5,
    p99AtMostSeconds: undefined,
  });
  assert.deepEqual(toFreshness(period({})), { deliveries: 0 });
});
