/** The whole of ingest over HTTP, for tests: an in-memory sink, three connectors and a clock that does not move. */
import type { TestContext } from 'node:test';
import { createMetrics } from '@astrolabe/service-kit';
import type { Tracing } from '@astrolabe/tracing';
import { createIngest, type IngestDependencies } from './app.ts';
import { createInMemoryEventSink } from './event-sink.ts';
import { API_KEY, basicAuth, createInMemoryThread, silentLogger, testConnectors } from './testing.ts';

export const testLimits = {
  maxBodyBytes: 100_000,
  maxInflatedBytes: 100_000,
  maxInFlightBytes: 250_000,
  trustedProxies: 0,
  publicUrl: undefined,
  maxConnections: 1_000,
  maxConnectionsPerClient: undefined,
  /** Unlimited. */
  connectorEventsPerSecond: 0,
  instances: 1,
  connectorBurstEvents: 1,
  connectorBytesPerSecond: 0,
  connectorWorkMsPerSecond: 0,
  clientWorkMsPerSecond: 0,
};

/** Listens on a free port until the test ends. New message ids are `new-1`, `new-2` and so on. */
export async function startTestServer(
  t: TestContext,
  config: Partial<IngestDependencies['config']> = {},
  nowMs: () => number = Date.now,
  tracing?: Tracing,
) {
  const sink = createInMemoryEventSink();
  const connectors = testConnectors();
  const metrics = createMetrics({ service: 'ingest' });
  let ids = 0;
  const newMessageId = (): string => `new-${(ids += 1)}`;
  const thread = createInMemoryThread(newMessageId);
  const server = createIngest({
    config: { ...testLimits, ...config },
    connectors: () => connectors,
    sink,
    thread,
    metrics,
    tracing,
    logger: silentLogger,
    nowMs,
    newMessageId,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  let isClosed = false;
  const close = async () => {
    isClosed = true;
    await server.close();
  };
  t.after(() => (isClosed ? undefined : close()));

  /** With the API key in Basic auth, unless the headers say otherwise; an empty header is not sent. */
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const sent = { 'content-type': 'application/json', authorization: basicAuth(`${API_KEY}:`), ...headers };
    const response = await fetch(url + path, {
      method: 'POST',
      body: typeof body === 'string' ? body : body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body),
      headers: Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== '')),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  };
  /** The value of the first metric whose line begins so. */
  const metric = async (line: string) => {
    const text = await metrics.registry.metrics();
    return text
      .split('\n')
      .find((candidate) => candidate.startsWith(line))
      ?.slice(line.length)
      .trim();
  };
  return { sink, thread, url, post, close, metric, drain: () => server.drain(), routes: server.routes };
}
