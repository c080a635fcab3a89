import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';

test('a metric is named for its service and appears in the exposition', async () => {
  const { registry, counter, histogram, gauge } = createMetrics({ service: 'astrolabe-api' });
  const accepted = counter({ name: 'events_accepted_total', help: 'Events stored.', labelNames: ['connector'] });
  accepted.inc({ connector: 'acme' }, 2);
  histogram({ name: 'request_duration_seconds', help: 'Time to answer.', buckets: [0.1, 1] }).observe(0.5);
  gauge({ name: 'lag_records', help: 'Records not yet read.' }).set(7);

  const text = await registry.metrics();
  assert.match(text, /^astrolabe_api_events_accepted_total\{connector="acme"\} 2$/m);
  assert.match(text, /^astrolabe_api_request_duration_seconds_bucket\{le="0\.1"\} 0$/m);
  assert.match(text, /^astrolabe_api_request_duration_seconds_bucket\{le="1"\} 1$/m);
  assert.match(text, /^astrolabe_api_lag_records 7$/m);
  assert.match(text, /^process_cpu_user_seconds_total /m);
});

test('a gauge with a collector takes its value at each scrape', async () => {
  const { registry, gauge } = createMetrics({ service: 'mapper' });
  let lag = 3;
  gauge({ name: 'lag_records', help: 'Records not yet read.', collect: (self) => self.set(lag) });
  assert.match(await registry.metrics(), /^mapper_lag_records 3$/m);
  lag = 4;
  assert.match(await registry.metrics(), /^mapper_lag_records 4$/m);
});

test('a name outside the grammar is refused', () => {
  const { counter, histogram, gauge } = createMetrics({ service: 'mapper' });
  const help = 'Help.';
  assert.throws(() => counter({ name: 'events_accepted', help }), /a counter ends in _total/);
  assert.throws(() => gauge({ name: 'lag_total', help }), /only a counter ends in _total/);
  assert.throws(() => histogram({ name: 'seconds_total', help }), /only a counter ends in _total/);
  assert.throws(() => gauge({ name: 'lagRecords', help }), /lower-case words/);
  assert.throws(() => gauge({ name: 'lag', help }), /lower-case words/);
});

test('two services in one process share no registry, and a name is taken once', async () => {
  const first = createMetrics({ service: 'mapper' });
  const second = createMetrics({ service: 'mapper' });
  const options = { name: 'lag_records', help: 'Records not yet read.' };
  first.gauge(options).set(1);
  second.gauge(options).set(2);
  assert.match(await first.registry.metrics(), /^mapper_lag_records 1$/m);
  assert.throws(() => first.gauge(options), /already been registered/);
});
