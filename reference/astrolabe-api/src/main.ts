import { createLogger, readConfig, runService } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { referenceApiConfig } from './config.ts';
import { followConnectors } from './follow-connectors.ts';
import { startReferenceApi } from './reference-api.ts';

function readOwnConfig() {
  try {
    return readConfig(referenceApiConfig, process.env);
  } catch (error) {
    process.stderr.write(`${errorMessage(error)}\n`);
    process.exit(1);
  }
}

const config = readOwnConfig();
const logger = createLogger({ name: 'reference-api', level: config.logLevel });

await runService({
  name: 'reference-api',
  logger,
  shutdownTimeoutMs: config.shutdownTimeoutMs,
  start: async (stack) => {
    const { host, port, database, apiKeys = [], connectorsFile, enableControl } = config;
    const api = await startReferenceApi({
      host,
      port,
      database,
      apiKeys,
      enableControl,
      onError: (err) => logger.error({ err }, 'a call failed'),
    });
    stack.defer('reference API', () => api.close());
    if (connectorsFile !== undefined) {
      const following = await followConnectors({
        path: connectorsFile,
        env: process.env,
        logger,
        apiKeys,
        onKeys: (keys) => api.replaceApiKeys(keys),
      });
      stack.defer('connectors file', () => following.close());
    }
    logger.info({ url: api.url }, 'listening');
  },
});
