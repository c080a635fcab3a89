import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePrometheusText, sumOf } from './prometheus-text.ts';

const text = String.raw`# HELP mapper_events_total Events read.
# TYPE mapper_events_total counter
mapper_events_total{connector="demo",outcome="mapped",reason=""} 5
mapper_events_total{connector="a \"b\", {c}",outcome="mapped",reason="x\\y"} 2
mapper_events_total{connector="demo",outcome="dead-lettered",reason="event.invalid-json"} 1
mapper_lag 1.5e3 1700000000000
`;

test('samples keep name, labels and value, whatever characters the labels hold', () => {
  assert.deepEqual(parsePrometheusText(text)[1], {
    name: 'mapper_events_total',
    labels: { connector: 'a "b", {c}', outcome: 'mapped', reason: 'x\\y' },
    value: 2,
  });
  assert.deepEqual(parsePrometheusText(text)[3], { name: 'mapper_lag', labels: {}, value: 1500 });
});

test('a sum takes the samples of one name whose labels agree', () => {
  const samples = parsePrometheusText(text);
  assert.equal(sumOf(samples, 'mapper_events_total'), 8);
  assert.equal(sumOf(samples, 'mapper_events_total', { outcome: 'mapped' }), 7);
  assert.equal(sumOf(samples, 'mapper_events_total', { outcome: 'mapped', connector: 'demo' }), 5);
  assert.equal(sumOf(samples, 'absent_total'), 0);
});
