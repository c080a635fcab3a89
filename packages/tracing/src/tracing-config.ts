/**
 * OpenTelemetry's own environment variables, with its names, meanings and defaults
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). One default is another: tracing
 * is off until `OTEL_TRACES_EXPORTER` says otherwise.
 */
import { configValues, defineVariables, type ConfigRule, type ConfigVariables } from '@astrolabe/service-kit';

type Pairs = Readonly<Record<string, string>>;

/** Of `OTEL_EXPORTER_OTLP_*`. Those of `OTEL_EXPORTER_OTLP_TRACES_*` come first. */
type OtlpConfig = Readonly<{
  endpoint: string | undefined;
  protocol: string | undefined;
  headers: Pairs | undefined;
  timeoutMs: number | undefined;
  compression: 'none' | 'gzip' | undefined;
  certificate: string | undefined;
  clientKey: string | undefined;
  clientCertificate: string | undefined;
}>;

type Prefixed<Prefix extends string, Values> = {
  [Name in keyof Values & string as `${Prefix}${Capitalize<Name>}`]: Values[Name];
};

type SdkConfig = Readonly<{
  otelTracesExporter: 'none' | 'otlp';
  otelSdkDisabled: boolean;
  otelServiceName: string | undefined;
  otelResourceAttributes: Pairs | undefined;
  otelTracesSampler: string;
  otelTracesSamplerArg: string | undefined;
  otelBspScheduleDelayMs: number;
  otelBspExportTimeoutMs: number;
  otelBspMaxQueueSize: number;
  otelBspMaxExportBatchSize: number;
}>;

export type TracingConfig = SdkConfig & Prefixed<'otlp', OtlpConfig> & Prefixed<'otlpTraces', OtlpConfig>;

export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export const PROTOCOL = 'http/protobuf';
export const DEFAULT_ENDPOINT = 'http://localhost:4318';
export const DEFAULT_TIMEOUT_MS = 10_000;

const milliseconds = () => configValues.integer({ min: 1, max: 600_000 });
/**
 * Headers, timeouts and files of `OTEL_EXPORTER_OTLP_X` are those of `OTEL_EXPORTER_OTLP_TRACES_X`, unless that is set.
 */
const specific = (name: string) => `As OTEL_EXPORTER_OTLP_${name}, which it replaces: for traces only.`;

export const tracingVariables: ConfigVariables<TracingConfig> = defineVariables<TracingConfig>({
  otelTracesExporter: {
    env: 'OTEL_TRACES_EXPORTER',
    schema: configValues.oneOf(['none', 'otlp']),
    default: 'none',
    description:
      'otlp switches tracing on; in other programs that is the default. A sampled event then costs some microseconds in each service.',
  },
  otelSdkDisabled: {
    env: 'OTEL_SDK_DISABLED',
    schema: configValues.boolean(),
    default: false,
    description: 'Switches tracing off, whatever else is set.',
  },
  otelServiceName: {
    env: 'OTEL_SERVICE_NAME',
    schema: configValues.text().optional(),
    description:
      'service.name of the spans; by default that of OTEL_RESOURCE_ATTRIBUTES, else astrolabe-ingest, astrolabe-mapper or astrolabe-dispatcher.',
  },
  otelResourceAttributes: {
    env: 'OTEL_RESOURCE_ATTRIBUTES',
    schema: configValues.keyValuePairs().optional(),
    description: 'Attributes of this process on all of its spans, such as deployment.environment.name=production.',
  },
  otelTracesSampler: {
    env: 'OTEL_TRACES_SAMPLER',
    schema: configValues.text(`one of ${SAMPLERS.join(', ')}`),
    default: 'parentbased_always_on',
    description:
      'Which traces are recorded, the same for all services. With parentbased_* a sender that sends a traceparent decides for its own; with the others it does not.',
  },
  otelTracesSamplerArg: {
    env: 'OTEL_TRACES_SAMPLER_ARG',
    schema: configValues.text('a number from 0 to 1').optional(),
    description: 'Part of the traces that traceidratio and parentbased_traceidratio record; by default all.',
  },
  otlpEndpoint: {
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    schema: configValues.httpUrl().optional(),
    description: `Base URL of the collector; by default ${DEFAULT_ENDPOINT}. Spans go to /v1/traces below it.`,
  },
  otlpTracesEndpoint: {
    env: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    schema: configValues.httpUrl().optional(),
    description: 'The whole URL that spans go to, in place of OTEL_EXPORTER_OTLP_ENDPOINT.',
  },
  otlpProtocol: {
    env: 'OTEL_EXPORTER_OTLP_PROTOCOL',
    schema: configValues.text(PROTOCOL).optional(),
    description: `${PROTOCOL} is the only one; collectors take it on port 4318. grpc, on port 4317, is not supported.`,
  },
  otlpTracesProtocol: {
    env: 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
    schema: configValues.text(PROTOCOL).optional(),
    description: specific('PROTOCOL'),
  },
  otlpHeaders: {
    env: 'OTEL_EXPORTER_OTLP_HEADERS',
    schema: configValues.keyValuePairs().optional(),
    secret: true,
    description: 'Headers of the requests to the collector, such as a token.',
  },
  otlpTracesHeaders: {
    env: 'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
    schema: configValues.keyValuePairs().optional(),
    secret: true,
    description: 'The same, in addition to them: for traces only.',
  },
  otlpTimeoutMs: {
    env: 'OTEL_EXPORTER_OTLP_TIMEOUT',
    schema: milliseconds().optional(),
    description: `How long the collector may take for a request, repetitions included, in milliseconds; by default ${DEFAULT_TIMEOUT_MS}.`,
  },
  otlpTracesTimeoutMs: {
    env: 'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT',
    schema: milliseconds().optional(),
    description: specific('TIMEOUT'),
  },
  otlpCompression: {
    env: 'OTEL_EXPORTER_OTLP_COMPRESSION',
    schema: configValues.oneOf(['none', 'gzip']).optional(),
    description: 'How requests to the collector are compressed; by default none.',
  },
  otlpTracesCompression: {
    env: 'OTEL_EXPORTER_OTLP_TRACES_COMPRESSION',
    schema: configValues.oneOf(['none', 'gzip']).optional(),
    description: specific('COMPRESSION'),
  },
  otlpCertificate: {
    env: 'OTEL_EXPORTER_OTLP_CERTIFICATE',
    schema: configValues.text('the path of a file').optional(),
    description: "Certificates, as PEM, that the collector's is checked against; by default those that Node knows.",
  },
  otlpTracesCertificate: {
    env: 'OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE',
    schema: configValues.text('the path of a file').optional(),
    description: specific('CERTIFICATE'),
  },
  otlpClientKey: {
    env: 'OTEL_EXPORTER_OTLP_CLIENT_KEY',
    schema: configValues.text('the path of a file').optional(),
    togetherWith: ['OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE'],
    description: 'Private key, as PEM, for a collector that asks for a certificate of its clients.',
  },
  otlpTracesClientKey: {
    env: 'OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY',
    schema: configValues.text('the path of a file').optional(),
    togetherWith: ['OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE'],
    description: specific('CLIENT_KEY'),
  },
  otlpClientCertificate: {
    env: 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE',
    schema: configValues.text('the path of a file').optional(),
    togetherWith: ['OTEL_EXPORTER_OTLP_CLIENT_KEY'],
    description: 'The certificate of that key, as PEM.',
  },
  otlpTracesClientCertificate: {
    env: 'OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE',
    schema: configValues.text('the path of a file').optional(),
    togetherWith: ['OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY'],
    description: specific('CLIENT_CERTIFICATE'),
  },
  otelBspScheduleDelayMs: {
    env: 'OTEL_BSP_SCHEDULE_DELAY',
    schema: milliseconds(),
    default: 5_000,
    description: 'How long an ended span waits for others before it is exported, in milliseconds.',
  },
  otelBspExportTimeoutMs: {
    env: 'OTEL_BSP_EXPORT_TIMEOUT',
    schema: milliseconds(),
    default: 30_000,
    description: 'After this time, in milliseconds, the next export begins though the last has not ended.',
  },
  otelBspMaxQueueSize: {
    env: 'OTEL_BSP_MAX_QUEUE_SIZE',
    schema: configValues.integer({ min: 1, max: 1_000_000 }),
    default: 2_048,
    description: 'Ended spans in memory, somewhat more than 1 KB each. Those beyond it are dropped and counted.',
  },
  otelBspMaxExportBatchSize: {
    env: 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
    schema: configValues.integer({ min: 1, max: 1_000_000 }),
    default: 512,
    description: 'Maximum spans of a request to the collector. At most OTEL_BSP_MAX_QUEUE_SIZE.',
  },
});

/** What other programs of the machine may set in other ways is checked only where tracing is on. */
export const tracingRules: readonly ConfigRule<TracingConfig>[] = [
  whereOn('OTEL_TRACES_SAMPLER', ({ otelTracesSampler }) =>
    (SAMPLERS as readonly string[]).includes(otelTracesSampler) ? undefined : `one of ${SAMPLERS.join(', ')}`,
  ),
  whereOn('OTEL_TRACES_SAMPLER_ARG', ({ otelTracesSamplerArg = '1' }) =>
    /^(0|1|[01]?\.\d+)$/.test(otelTracesSamplerArg) && Number(otelTracesSamplerArg) <= 1
      ? undefined
      : 'a number from 0 to 1',
  ),
  whereOn('OTEL_EXPORTER_OTLP_PROTOCOL', ({ otlpProtocol, otlpTracesProtocol }) =>
    otlpTracesProtocol === undefined ? expectProtocol(otlpProtocol) : undefined,
  ),
  whereOn('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', ({ otlpTracesProtocol }) => expectProtocol(otlpTracesProtocol)),
  whereOn('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', ({ otelBspMaxExportBatchSize, otelBspMaxQueueSize }) =>
    otelBspMaxExportBatchSize <= otelBspMaxQueueSize ? undefined : 'at most OTEL_BSP_MAX_QUEUE_SIZE',
  ),
];

export function isTracingOn({
  otelTracesExporter,
  otelSdkDisabled,
}: Pick<TracingConfig, 'otelTracesExporter' | 'otelSdkDisabled'>): boolean {
  return otelTracesExporter === 'otlp' && !otelSdkDisabled;
}

function whereOn(env: string, check: ConfigRule<TracingConfig>['check']): ConfigRule<TracingConfig> {
  return { env, check: (config) => (isTracingOn(config) ? check(config) : undefined) };
}

function expectProtocol(protocol = PROTOCOL): string | undefined {
  return protocol === PROTOCOL ? undefined : `${PROTOCOL}, which collectors take on port 4318`;
}
