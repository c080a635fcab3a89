import type { ErrorCode } from './error-codes.ts';

/**
 * Marks a PipelineError. A registered symbol rather than `instanceof`, so that an error is still recognised when two
 * copies of this package are loaded.
 */
const brand = Symbol.for('astrolabe.pipeline-error');

export interface PipelineErrorOptions {
  /** Whether the same attempt may succeed later without any change. */
  readonly retryable: boolean;
  readonly cause?: unknown;
  /** Structured fields for the log: topic, partition, status... Never a key or a password. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * A fault with a stable code of `error-codes.ts`. Test `code`, not the class. Expected results are data, not errors. A
 * thrown value that is not a PipelineError is unclassified and stops the service.
 */
export class PipelineError extends Error {
  static {
    // Set like the cause of built-in errors, not enumerable, so that logs do not repeat it as a field.
    Object.defineProperty(this.prototype, 'name', { value: 'PipelineError', writable: true, configurable: true });
  }

  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: PipelineErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
    this.details = Object.freeze({ ...options.details });
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Whether `error` is a PipelineError and, when `code` is given, has that code. */
export function isPipelineError(error: unknown, code?: ErrorCode): error is PipelineError {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false;
  return code === undefined || ('code' in error && error.code === code);
}

/** Text of any thrown value. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
