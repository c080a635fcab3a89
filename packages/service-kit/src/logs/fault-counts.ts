/** How often each fault was logged: what a process that retries, waits or stops says in its log, as a counter. */
import type { Logger } from 'pino';
import { errorCodes, type ErrorCode } from '../errors/error-codes.ts';
import { isPipelineError } from '../errors/errors.ts';
import type { Metrics } from '../process/metrics.ts';

const known: ReadonlySet<unknown> = new Set(errorCodes);
const countsOf = new WeakMap<Logger, Map<ErrorCode, number>>();

/** Counts for `logger` and its children what is logged from `warn` on. */
export class FaultCounts {
  readonly #counts = new Map<ErrorCode, number>();

  /** `fields`: the first argument of a call of the logger. */
  add(fields: unknown): void {
    const code = codeIn(fields);
    if (code !== undefined) this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
  }

  belongTo(logger: Logger): void {
    countsOf.set(logger, this.#counts);
  }
}

/** A fault that repeats is logged, and so counted, when it begins and when it changes (fault-log.ts). */
export function createFaultCounter(metrics: Metrics, logger?: Logger): void {
  const counts = logger === undefined ? undefined : countsOf.get(logger);
  metrics.counter({
    name: 'faults_total',
    help: 'Faults logged, by error code (docs/errors.md): one that repeats counts when it begins and when it changes.',
    labelNames: ['code'],
    collect: (counter) => {
      counter.reset();
      for (const code of errorCodes) counter.inc({ code }, 0);
      for (const [code, count] of counts ?? []) counter.inc({ code }, count);
    },
  });
}

function codeIn(fields: unknown): ErrorCode | undefined {
  if (isPipelineError(fields)) return fields.code;
  if (typeof fields !== 'object' || fields === null) return undefined;
  const { err, code } = fields as { readonly err?: unknown; readonly code?: unknown };
  if (isPipelineError(err)) return err.code;
  return known.has(code) ? (code as ErrorCode) : undefined;
}
