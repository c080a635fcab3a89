import pino from 'pino';
import { FaultCounts } from './fault-counts.ts';
import { redactSecrets } from './redact-secrets.ts';
import { visibleJson } from '../terminal/visible-text.ts';
import { hideUrlCredentials } from './url-credentials.ts';

export type Logger = pino.Logger;

/** Levels of LOG_LEVEL, from the loudest fault to silence. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  /** Name of the process, on every line. */
  readonly name: string;
  readonly level: LogLevel;
  /**
   * Where lines go. Default: standard output, written synchronously so that the last lines of a dying process are kept.
   */
  readonly destination?: pino.DestinationStream;
}

const WARN = pino.levels.values['warn'] ?? 40;

/**
 * Creates a logger of one JSON object a line: `level` as a word, `time` in ISO 8601 UTC, `msg`, `err` with its causes.
 * Values of keys that hold secrets never appear, at any depth (`redact-secrets.ts`), nor do credentials in URLs,
 * anywhere in the text. Every character can be seen: a terminal obeys nothing in a line.
 */
export function createLogger({ name, level, destination }: LoggerOptions): Logger {
  const faults = new FaultCounts();
  const options: pino.LoggerOptions = {
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: {
      // What APIs and brokers say is logged and read on terminals, and JSON leaves C1 controls and overrides in it.
      streamWrite: (line) => visibleJson(hideUrlCredentials(line)),
      logMethod(args, method, levelNumber) {
        if (levelNumber >= WARN) faults.add(args[0]);
        method.apply(this, args);
      },
    },
    // `redactSecrets` converts errors to plain objects, since pino's serializer runs too late for redaction.
    serializers: { err: (value: unknown) => value },
    formatters: {
      level: (label) => ({ level: label }),
      log: (fields) => redactSecrets(fields) as Record<string, unknown>,
    },
  };
  // pino's own default writes from another thread: at exit a pending line would come after later ones.
  const logger = pino(options, destination ?? pino.destination({ fd: 1, sync: true }));

  faults.belongTo(logger);

  // pino formats a child's bindings with none of its parent's formatters, so a key bound to a child would show.
  const createChild: (this: Logger, bindings: pino.Bindings, options?: pino.ChildLoggerOptions) => Logger =
    logger.child;
  Object.defineProperty(logger, 'child', {
    value(this: Logger, bindings: pino.Bindings, childOptions?: pino.ChildLoggerOptions) {
      return createChild.call(this, redactSecrets(bindings) as pino.Bindings, childOptions);
    },
  });
  return logger;
}
