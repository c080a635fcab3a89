/**
 * Loads the three services, opens tracing as the environment says, and prints how many modules of OpenTelemetry's SDK
 * were loaded. A process of its own, where nothing else has loaded them.
 */
import { registerHooks } from 'node:module';

let loaded = 0;
registerHooks({
  load: (url, context, next) => {
    if (url.includes('@opentelemetry/') && !url.includes('@opentelemetry/api/')) loaded += 1;
    return next(url, context);
  },
});
// After the hooks, which see only what is loaded from here on.
await import('@astrolabe/ingest');
await import('@astrolabe/mapper');
await import('@astrolabe/dispatcher');
const { openTracing, tracingVariables } = await import('@astrolabe/tracing');
const { createLogger, createMetrics, defineConfig, readConfig } = await import('@astrolabe/service-kit');

const config = { ...readConfig(defineConfig(tracingVariables), process.env), shutdownTimeoutMs: 1_000 };
const tracing = await openTracing(config, {
  service: 'ingest',
  metrics: createMetrics({ service: 'ingest' }),
  logger: createLogger({ name: 'ingest', level: 'silent' }),
  stack: { defer: () => undefined },
});
process.stdout.write(JSON.stringify({ isOn: tracing !== undefined, loaded }));
process.exit(0);
