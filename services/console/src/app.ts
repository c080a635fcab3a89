/** Composition of the console from explicit dependencies. */
import { join } from 'node:path';
import { startServiceAdmin, type Environment, type Logger, type ServiceStack } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { tlsMaterialOf } from '@astrolabe/service-kit/tls';
import { actionsFromConfig } from './api/actions/actions-from-config.ts';
import { createLogin } from './auth/create-login.ts';
import type { ConsoleConfig } from './config.ts';
import { createConsoleMetrics, showJobs } from './console-metrics.ts';
import { readsFromConfig } from './read/reads-from-config.ts';
import { consoleRoutes } from './routes/route-table.ts';
import { createConsoleServer } from './server/console-server.ts';
import { vendorModules } from './server/vendor-modules.ts';
import { readWebFiles } from './server/web-files.ts';

const webFolder = join(import.meta.dirname, '../web');

/**
 * Starts the service as a process runs it: the admin server, then the HTTP server. Both are up whatever the brokers do:
 * a console that cannot be opened while the cluster is in trouble would be of little use.
 */
export async function startConsole(
  config: ConsoleConfig,
  env: Environment,
  logger: Logger,
  stack: ServiceStack,
): Promise<void> {
  const admin = await startServiceAdmin('console', config, logger, stack);
  const metrics = createConsoleMetrics(admin.metrics);
  const { reads, clusters } = readsFromConfig({ config, env, clock: systemClock, logger, signal: stack.signal });
  stack.defer('connections to the brokers', () => clusters.close());
  stack.defer('reads', () => reads.close());
  const actions = actionsFromConfig({
    config,
    apiTls: tlsMaterialOf(config, 'api'),
    env,
    cluster: () => clusters.get(),
    isMasked: (config.maskPaths ?? []).length > 0,
    onChanged: (what) => reads[what].expire(),
    logger,
  });
  stack.defer('changes', () => actions.close());
  showJobs(admin.metrics, () => actions.knownJobs());
  const server = createConsoleServer({
    config,
    routes: consoleRoutes({ reads: () => reads, actions: actions.context }),
    login: await createLogin({ config, clock: systemClock, logger, onAttempt: metrics.loginAttempted }),
    metrics,
    web: await readWebFiles({ folder: webFolder, vendors: vendorModules, basePath: config.basePath }),
    clock: systemClock,
    logger,
  });
  const url = await server.listen({ host: config.host, port: config.port });
  stack.defer('the HTTP server', () => server.close());
  actions.start();
  logger.info({ url, adminUrl: admin.url }, 'listening');
}
