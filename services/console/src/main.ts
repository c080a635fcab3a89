import { createLogger, readConfigOrExit, runService } from '@astrolabe/service-kit';
import { startConsole } from './app.ts';
import { consoleConfig } from './config.ts';

const config = readConfigOrExit(consoleConfig, process);
const logger = createLogger({ name: 'console', level: config.logLevel });

await runService({
  name: 'console',
  logger,
  shutdownTimeoutMs: config.shutdownTimeoutMs,
  start: (stack) => startConsole(config, logger, stack),
});
