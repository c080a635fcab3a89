/**
 * In a process of its own, where nothing else has loaded the SDK. Only OpenTelemetry's API is there in any case:
 * prom-client loads it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const script = `
import { registerHooks } from 'node:module';
let loaded = 0;
const isSdk = (url) => url.includes('@opentelemetry/') && !url.includes('@opentelemetry/api/');
registerHooks({ load: (url, context, next) => { if (isSdk(url)) loaded += 1; return next(url, context); } });
await import('@astrolabe/ingest');
await import('@astrolabe/mapper');
await import('@astrolabe/dispatcher');
const { openTracing, tracingVariables } = await import('@astrolabe/tracing');
const { createLogger, createMetrics, defineConfig, readConfig } = await import('@astrolabe/service-kit');
const config = { ...readConfig(defineConfig(tracingVariables), process.env), shutdownTimeoutMs: 1000 };
const metrics = createMetrics({ service: 'ingest' });
const logger = createLogger({ name: 'ingest', level: 'silent' });
const tracing = await openTracing(config, { service: 'ingest', metrics, logger, stack: { defer: () => undefined } });
process.stdout.write(JSON.stringify({ isOn: tracing !== undefined, loaded }));
process.exit(0);
`;

async function openIn(env: Readonly<Record<string, string>>): Promise<{ isOn: boolean; loaded: number }> {
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: import.meta.dirname,
    env: { PATH: process.env['PATH'], ...env },
  });
  return JSON.parse(stdout) as { isOn: boolean; loaded: number };
}

test("nothing of OpenTelemetry's SDK is loaded while tracing is off, by any service", async () => {
  assert.deepEqual(await openIn({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }), { isOn: false, loaded: 0 });
  const on = await openIn({ OTEL_TRACES_EXPORTER: 'otlp' });
  assert.ok(on.isOn && on.loaded > 50, `${on.loaded} modules`);
});
