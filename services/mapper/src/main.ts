import { createLogger, readConfigOrExit, runService } from '@astrolabe/service-kit';
import { startMapper } from './app.ts';
import { mapperConfig } from './config.ts';

const config = readConfigOrExit(mapperConfig, process);
const logger = createLogger({ name: 'mapper', level: config.logLevel });

await runService({
  name: 'mapper',
  logger,
  shutdownTimeoutMs: config.shutdownTimeoutMs,
  start: (stack) => startMapper(config, logger, stack),
});
