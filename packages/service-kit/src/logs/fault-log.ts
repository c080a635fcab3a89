import { errorMessage, isPipelineError } from '../errors/errors.ts';
import type { Logger } from './logger.ts';

/**
 * For retries without end: a fault is a warning when it begins and when it changes, and logged at `debug` in between.
 */
export class FaultLog {
  readonly #logger: Logger;
  #last: string | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  failed(error: unknown, fields: Readonly<Record<string, unknown>>, line: string): void {
    const fault = `${isPipelineError(error) ? error.code : ''} ${errorMessage(error)}`;
    const level = fault === this.#last ? 'debug' : 'warn';
    this.#last = fault;
    this.#logger[level]({ ...fields, err: error }, line);
  }

  /** Call it when it works: logs the end of a logged fault, and the next fault is a warning again. */
  worked(fields: Readonly<Record<string, unknown>>, line: string): void {
    if (this.#last !== undefined) this.#logger.info(fields, line);
    this.#last = undefined;
  }
}
