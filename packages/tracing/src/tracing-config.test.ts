import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineConfig, readConfig } from '@astrolabe/service-kit';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { exporterSettings } from './exporter-settings.ts';
import { isTracingOn, tracingRules, tracingVariables, type TracingConfig } from './tracing-config.ts';

const definition = defineConfig<TracingConfig>(tracingVariables, { rules: tracingRules });
const read = (env: Record<string, string>) => readConfig(definition, env);

test('tracing is off unless OTEL_TRACES_EXPORTER asks for it and OTEL_SDK_DISABLED does not forbid it', () => {
  assert.equal(isTracingOn(read({})), false);
  assert.equal(isTracingOn(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' })), false);
  assert.equal(isTracingOn(read({ OTEL_TRACES_EXPORTER: 'otlp' })), true);
  assert.equal(isTracingOn(read({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'true' })), false);
});

/** What a platform may give to every process, for SDKs that can do more. */
const others = {
  OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
  OTEL_TRACES_SAMPLER: 'jaeger_remote',
  OTEL_TRACES_SAMPLER_ARG: 'endpoint=http://localhost:14250',
  OTEL_BSP_MAX_QUEUE_SIZE: '100',
};

test('settings for other SDKs are accepted while tracing is off, and all reported together once it is on', () => {
  read(others);
  try {
    read({ ...others, OTEL_TRACES_EXPORTER: 'otlp' });
  } catch (error) {
    assert.ok(isPipelineError(error, 'config.invalid'));
    const { problems } = error.details as { readonly problems: readonly { readonly variable: string }[] };
    assert.deepEqual(problems.map(({ variable }) => variable).sort(), [
      'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
      'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
      'OTEL_TRACES_SAMPLER',
      'OTEL_TRACES_SAMPLER_ARG',
    ]);
    return;
  }
  assert.fail('nothing was reported');
});

test('the exporter gets the defaults of OpenTelemetry, and what is for traces comes first', () => {
  const files = { ca: undefined, key: undefined, cert: undefined };
  assert.deepEqual(exporterSettings(read({})), {
    url: 'http://localhost:4318/v1/traces',
    headers: {},
    timeoutMs: 10_000,
    compression: 'none',
    files,
  });
  const general = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4318/otlp/',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20a,x=1',
    OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca.pem',
  };
  assert.deepEqual(exporterSettings(read(general)), {
    url: 'https://collector:4318/otlp/v1/traces',
    headers: { authorization: 'Bearer a', x: '1' },
    timeoutMs: 2_000,
    compression: 'gzip',
    files: { ...files, ca: '/ca.pem' },
  });
  const specific = exporterSettings(
    read({
      ...general,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces:4318/v1/t',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: ' x = 2 ',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '3000',
      OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'none',
      OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: '/traces.pem',
    }),
  );
  assert.deepEqual(specific, {
    url: 'https://traces:4318/v1/t',
    headers: { authorization: 'Bearer a', x: '2' },
    timeoutMs: 3_000,
    compression: 'none',
    files: { ...files, ca: '/traces.pem' },
  });
});

test('a list that is not key=value is refused, and one of headers is not shown', () => {
  assert.throws(
    () => read({ OTEL_RESOURCE_ATTRIBUTES: 'production', OTEL_EXPORTER_OTLP_HEADERS: 'token%' }),
    (error) => isPipelineError(error, 'config.invalid') && !error.message.includes('token%'),
  );
});
