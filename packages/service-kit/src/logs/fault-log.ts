import { errorMessage, isPipelineError } from '../errors/errors.ts';
import type { Logger } from './logger.ts';

/** For what is tried again and again: a fault is a warning when it begins and when it changes, and only shown at `debug` in between. */
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

  /** It works: says so where a fault was logged before, and the next one is a warning again. */
  worked(fields: Readonly<Record<string, unknown>>, line: string): void {
    if (this.#last !== undefined) this.#logger.info(fields, line);
    this.#last = undefined;
  }
}
