import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, createMetrics, startAdminServer } from '@astrolabe/service-kit';
import { fetchMetrics, resolveInstances } from './fetch-metrics.ts';

const { signal } = new AbortController();

test('an instance is asked by its address, and what is wanted of its metrics is read', async (t) => {
  const metrics = createMetrics({ service: 'dispatcher' });
  metrics.counter({ name: 'commands_total', help: 'c', labelNames: ['connector'] }).inc({ connector: 'acme' }, 3);
  const server = await startAdminServer({
    host: '127.0.0.1',
    port: 0,
    registry: metrics.registry,
    isReady: () => ({ ready: true, reasons: [] }),
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  t.after(() => server.close());
  // The admin server answers to addresses whatever its names are.
  const [address, ...others] = await resolveInstances(server.url.replace('127.0.0.1', 'localhost'));
  assert.deepEqual([address, others], [server.url, []]);
  const samples = await fetchMetrics(server.url, new Set(['dispatcher_commands_total']), signal);
  assert.deepEqual([...samples], [['dispatcher_commands_total{connector="acme"}', 3]]);
  await assert.rejects(fetchMetrics(`${server.url}/elsewhere`, new Set(), signal), /it answers 404/);
});

test('addresses are kept as they are, and a path below them too', async () => {
  assert.deepEqual(await resolveInstances('http://127.0.0.1:9100/'), ['http://127.0.0.1:9100']);
  assert.deepEqual(await resolveInstances('http://[::1]:9100/mapper/'), ['http://[::1]:9100/mapper']);
});
