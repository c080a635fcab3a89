import { createLogger, readConfigOrExit, runService } from '@astrolabe/service-kit';
import { startIngest } from './app.ts';
import { ingestConfig } from './config.ts';

const config = readConfigOrExit(ingestConfig, process);
const logger = createLogger({ name: 'ingest', level: config.logLevel });

await runService({
  name: 'ingest',
  logger,
  shutdownTimeoutMs: config.shutdownTimeoutMs,
  start: (stack) => startIngest(config, process.env, logger, stack),
});
