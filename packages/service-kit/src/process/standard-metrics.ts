/** Metrics that several services have, each under its own prefix. */
import { errorCodes, type ErrorCode } from '../errors/error-codes.ts';
import type { Counter, Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';
import { pipelineVersion } from '../version.ts';

/** A series that always exists: dashboards and alerts find the instances of a service by it. */
export function showBuild(metrics: Metrics): void {
  metrics
    .gauge({
      name: 'build_info',
      help: 'Always 1. There is one for each running instance, with its version.',
      labelNames: ['version'],
    })
    .set({ version: pipelineVersion }, 1);
}

/** For those who have Prometheus and no probe of `/readyz`. */
export function showReadiness(metrics: Metrics, isReady: () => Readiness): void {
  metrics.gauge({
    name: 'process_ready',
    help: '1 while /readyz answers 200; 0 while it answers 503, with the reasons.',
    collect: (gauge) => gauge.set(isReady().ready ? 1 : 0),
  });
}

/** The part of an error code before its point. */
type Area = ErrorCode extends infer Code ? (Code extends `${infer Name}.${string}` ? Name : never) : never;

export function codesOf(...areas: readonly Area[]): readonly ErrorCode[] {
  return errorCodes.filter((code) => areas.some((area) => code.startsWith(`${area}.`)));
}

/**
 * By cause and not by connector: so all of its series can begin at 0, and an alert sees the first dead letter of a
 * cause. `causes`: those that are known.
 */
export function createDeadLetterCounter(metrics: Metrics, causes: readonly ErrorCode[]): Counter<'code'> {
  return metrics.counter({
    name: 'dead_letters_total',
    help: 'Dead letters stored by the brokers, by cause (docs/errors.md). Those of replays are in the metrics of replays.',
    labelNames: ['code'],
    zeros: causes.map((code) => ({ code })),
  });
}
