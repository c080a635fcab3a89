import { spawnService } from '@astrolabe/testkit';

export type Variables = Readonly<Record<string, string>>;

const collectorStub = new URL('collector-stub.ts', import.meta.url);

/**
 * The `OTEL_*` variables of the bench, for the services that it measures. With tracing on and no collector named, a
 * process that takes the spans is started.
 */
export async function tracedEnvironment(env: NodeJS.ProcessEnv, cleanup: AsyncDisposableStack): Promise<Variables> {
  const given = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (name.startsWith('OTEL_') && value ? [[name, value]] : [])),
  );
  const isCollectorNamed = 'OTEL_EXPORTER_OTLP_ENDPOINT' in given || 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' in given;
  if (given['OTEL_TRACES_EXPORTER'] !== 'otlp' || isCollectorNamed) return given;
  const collector = await spawnService({ name: 'collector stub', entry: collectorStub, env: {} });
  cleanup.defer(() => collector.stop());
  return { ...given, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
}
