import { startAdminServer } from './admin-server.ts';
import type { ServiceStack } from '../process/lifecycle.ts';
import type { Logger } from '../logs/logger.ts';
import { createMetrics, type Metrics } from '../process/metrics.ts';
import { showBuild, showReadiness } from '../process/standard-metrics.ts';
import { createFaultCounter } from '../logs/fault-counts.ts';

export interface ServiceAdmin {
  readonly metrics: Metrics;
  /** Where `/livez`, `/readyz` and `/metrics` are. */
  readonly url: string;
}

/**
 * A service's metrics and the server that shows them. Started before anything else and stopped after it, so that
 * `/readyz` can say what the start waits for and which stop is running.
 */
export async function startServiceAdmin(
  service: string,
  config: {
    readonly adminHost: string;
    readonly adminPort: number;
    readonly adminAllowedHosts: readonly string[] | undefined;
  },
  logger: Logger,
  stack: Pick<ServiceStack, 'defer' | 'isReady'>,
): Promise<ServiceAdmin> {
  const metrics = createMetrics({ service });
  createFaultCounter(metrics, logger);
  showBuild(metrics);
  showReadiness(metrics, () => stack.isReady());
  const server = await startAdminServer({
    host: config.adminHost,
    port: config.adminPort,
    allowedHosts: config.adminAllowedHosts,
    registry: metrics.registry,
    isReady: () => stack.isReady(),
    logger,
  });
  stack.defer('the admin server', () => server.close());
  return { metrics, url: server.url };
}
