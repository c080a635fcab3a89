import { createLogger, readConfigOrExit, runService } from '@astrolabe/service-kit';
import { startDispatcher } from './app.ts';
import { dispatcherConfig } from './config.ts';

const config = readConfigOrExit(dispatcherConfig, process);
const logger = createLogger({ name: 'dispatcher', level: config.logLevel });

await runService({
  name: 'dispatcher',
  logger,
  shutdownTimeoutMs: config.shutdownTimeoutMs,
  start: (stack) => startDispatcher(config, process.env, logger, stack),
});
