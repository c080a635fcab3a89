import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { counterNames, countedAs, gaugeNames } from './counted.ts';

test('each outcome of an event and of a command is counted once, under its reason', () => {
  const table = [
    ['ingest_events_total{connector="a",type="track",verdict="accepted"}', ['received']],
    ['ingest_events_total{connector="a",type="page",verdict="unsupported"}', ['received']],
    ['ingest_events_total{connector="a",type="track",verdict="rejected"}', ['received', 'rejected']],
    ['mapper_events_total{connector="a",type="track",outcome="mapped",reason=""}', ['mapped']],
    ['mapper_events_total{connector="a",type="page",outcome="skipped",reason="type"}', ['skipped:type']],
    [
      'mapper_events_total{connector="a",type="track",outcome="dead-lettered",reason="event.unmappable"}',
      ['unmapped:event.unmappable'],
    ],
    ['dispatcher_commands_total{connector="a",kind="UpsertUser",outcome="duplicate",reason=""}', ['duplicate']],
    [
      'dispatcher_commands_total{connector="a",kind="UpsertUser",outcome="dead-lettered",reason="api.rejected"}',
      ['dead:api.rejected'],
    ],
    ['dispatcher_freshness_seconds_bucket{le="0.5",connector="a"}', ['fresh-within:0.5']],
  ] as const;
  for (const [series, names] of table) {
    const counted = countedAs(series);
    assert.deepEqual([counted?.names, counted?.connector], [names, 'a'], series);
  }
  assert.equal(countedAs('ingest_requests_total{connector="a"}'), undefined);
});

test('every metric that is counted or shown is one that the services have', () => {
  const known = readFileSync(new URL('../../../../../../docs/metrics.md', import.meta.url), 'utf8');
  for (const name of [...counterNames, ...gaugeNames]) {
    assert.ok(known.includes(`\`${name.replace(/_(bucket|sum|count)$/, '')}\``), name);
  }
});
