/**
 * A secret or a certificate that may be replaced while the process runs: given by a variable, or by a file that is read
 * again each time, so that the next connection uses what the file holds by then.
 */
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { PipelineError, errorMessage } from '../errors/errors.ts';

export class LiveText {
  /** Variable that it was given by; that of a file ends in `_FILE`. */
  readonly variable: string;
  /** Undefined where the variable holds the text itself. */
  readonly path: string | undefined;
  readonly #read: () => string;

  constructor(variable: string, path: string | undefined, read: () => string) {
    this.variable = variable;
    this.path = path;
    this.#read = read;
  }

  static of(text: string, variable = 'text'): LiveText {
    return new LiveText(variable, undefined, () => text);
  }

  /** Checks nothing yet; `read` does. */
  static inFile(path: string, variable: string): LiveText {
    return new LiveText(variable, path, () => readTextOf(path, variable));
  }

  /**
   * What it is now, without line breaks at its end. Throws `config.file-unreadable` (retryable: the file may be half
   * written).
   */
  read(): string {
    return this.#read();
  }

  toJSON(): string {
    return this.path ?? '[redacted]';
  }

  [inspect.custom](): string {
    return this.toJSON();
  }
}

function readTextOf(path: string, variable: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
  } catch (error) {
    throw unreadable(variable, path, errorMessage(error), error);
  }
  if (text === '') throw unreadable(variable, path, 'it is empty');
  return text;
}

function unreadable(variable: string, path: string, reason: string, cause?: unknown): PipelineError {
  const message = `the file that ${variable} names, ${path}, cannot be read: ${reason}`;
  return new PipelineError('config.file-unreadable', message, { retryable: true, cause });
}
