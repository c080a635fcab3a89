import { createLogger, type Logger } from '@astrolabe/service-kit';

/** For tests in which nobody reads the log. */
export const silentLogger: Logger = createLogger({ name: 'test', level: 'silent' });
