import { systemClock, type Clock } from '../clock/clock.ts';
import { PipelineError } from '../errors/errors.ts';
import type { Logger } from '../logs/logger.ts';
import { pipelineVersion } from '../version.ts';
import { DeferredStops } from './deferred-stops.ts';
import { ReadinessConditions, type Readiness } from './readiness.ts';
import { ServicePhase, type Drain } from './service-phase.ts';
import { waitUntilAvailable } from './wait-until-available.ts';

/** What a service's composition registers with the process. */
export interface ServiceStack {
  /** Aborted when the service begins to stop. It ends waits during the start, and the service's own loops. */
  readonly signal: AbortSignal;
  /**
   * Registers how to stop what was just started; `name` completes "stopping ...". Stops run one after the other, the
   * last registered first, each at most once. One that fails is logged, and the others still run.
   */
  defer(name: string, stop: () => Promise<void>): void;
  /**
   * Registers what the service goes on doing after a SIGTERM, before any of its stops: it runs once, unless the service
   * is still starting. `drain` resolves when the service may stop. Its signal is aborted by a second signal or a fault.
   * SIGINT comes from a person at a terminal, and skips it.
   */
  addDrain(name: string, drain: Drain): void;
  /**
   * Reports a fault after which the service cannot continue: it is logged, everything stops, and the exit code is 1.
   */
  fail(error: unknown): void;
  /**
   * Adds a condition of readiness. `check` returns why the service is not ready, or undefined; it must not throw or
   * wait.
   */
  addReadinessCheck(check: () => string | undefined): void;
  /**
   * Waits for something outside that the service cannot start without, as `waitUntilAvailable` does, until the service
   * is told to stop. Meanwhile `/readyz` gives the reason.
   */
  waitFor<Result>(what: string, attempt: (signal: AbortSignal) => Promise<Result>): Promise<Result>;
  /**
   * Ready from the end of the start until the first signal or fault, as long as all checks agree. For
   * `startAdminServer`.
   */
  isReady(): Readiness;
}

/** Where signals and uncaught exceptions come from: `process`, or an `EventEmitter` in tests. */
export interface SignalSource {
  on(name: string, listener: (argument: unknown) => void): unknown;
  off(name: string, listener: (argument: unknown) => void): unknown;
}

export interface ServiceOptions {
  readonly name: string;
  readonly logger: Logger;
  /** How long stopping may take, from the end of the drain, if there is one, or the signal or fault, to the exit. */
  readonly shutdownTimeoutMs: number;
  /** Composes and starts the service. A rejection is a fault, unless the service was told to stop meanwhile. */
  readonly start: (stack: ServiceStack) => Promise<void>;
  /** Default: `process`. */
  readonly signals?: SignalSource;
  /** Ends the process. Default: `process.exit`. */
  readonly exit?: (code: number) => void;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Spreads the pauses of `waitFor`. Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * npm forwards the terminal's Ctrl-C to its child, which already got it from the terminal. A signal so soon after
 * another is the same request, not a further one.
 */
const SAME_REQUEST_MS = 250;

const exitCodesOfFurtherSignal = { SIGINT: 130, SIGTERM: 143 } as const;
type StopSignal = keyof typeof exitCodesOfFurtherSignal;

/**
 * Runs a service from its start to its exit.
 *
 * - SIGTERM or SIGINT: readiness turns false, a drain runs, `stack.signal` is aborted, the stops run in reverse, exit
 *   0.
 * - A fault (the start rejects, `stack.fail`, an uncaught exception, a stop that fails): logged, the same stops, exit
 *   1.
 * - Not stopped within `shutdownTimeoutMs`: logged as `service.shutdown-deadline` with the step that hangs, exit 1.
 * - A further signal: ends the drain; while stopping: exit at once, with 128 plus the signal's number.
 *
 * If a start is still in progress when stopping begins, it is awaited, within the deadline, so that what it has just
 * opened is closed as well. Resolves once `exit` was called; never rejects.
 */
export async function runService(options: ServiceOptions): Promise<void> {
  const { name, logger, shutdownTimeoutMs, start, clock = systemClock, random = Math.random } = options;
  const { signals = process, exit = (code: number) => process.exit(code) } = options;

  const endedEarly = Promise.withResolvers<Ending>();
  const stops = new DeferredStops(logger);
  const readiness = new ReadinessConditions();
  const phase = new ServicePhase(logger);
  let faulty = false;

  const stack: ServiceStack = {
    signal: phase.stopSignal,
    defer: (stopName, stop) => stops.add(stopName, stop),
    addDrain: (drainName, drain) => phase.addDrain(drainName, drain),
    fail(error) {
      faulty = true;
      logger.fatal({ err: error }, `${name} cannot go on`);
      phase.beginStop();
    },
    addReadinessCheck: (check) => readiness.addCheck(check),
    waitFor: (what, attempt) =>
      readiness.whileWaiting(what, attempt, (noted) =>
        waitUntilAvailable({ what, attempt: noted, clock, random, logger, signal: stack.signal }),
      ),
    isReady() {
      const isLeaving = phase.current === 'draining' || phase.current === 'stopping';
      const reasons = isLeaving ? [phase.current] : readiness.reasons();
      return { ready: reasons.length === 0, reasons };
    },
  };

  const runStart = async () => {
    try {
      await start(stack);
    } catch (error) {
      if (!isAbort(error, stack.signal)) stack.fail(error);
    } finally {
      phase.started();
      readiness.started();
    }
  };

  logger.info({ version: pipelineVersion, node: process.version }, `${name} starting`);
  const stopListening = listen(signals, {
    clock,
    onSignal(signal, isFirst) {
      if (isFirst && signal === 'SIGTERM' && phase.canDrain) {
        logger.info({ signal }, `${name} draining`);
        phase.beginDrain();
      } else if (isFirst || phase.current === 'draining') {
        logger.info({ signal, shutdownTimeoutMs }, `${name} stopping`);
        phase.beginStop();
      } else {
        logger.warn({ signal, step: stops.step }, `${name} ended by a further signal`);
        endedEarly.resolve({ exitCode: exitCodesOfFurtherSignal[signal] });
      }
    },
    onUncaught: stack.fail,
  });

  const started = runStart();
  await phase.stopBegun;
  const stopped = started.then(() => stops.run()).then((allStopped) => ({ exitCode: faulty || !allStopped ? 1 : 0 }));
  const { exitCode } = await orAtDeadline(Promise.race([stopped, endedEarly.promise]), stops, { ...options, clock });
  stopListening();
  logger.info({ exitCode }, `${name} stopped`);
  exit(exitCode);
}

interface Ending {
  readonly exitCode: number;
}

interface SignalListeners {
  readonly clock: Clock;
  readonly onSignal: (signal: StopSignal, isFirst: boolean) => void;
  readonly onUncaught: (error: unknown) => void;
}

/** Returns how to stop listening. */
function listen(signals: SignalSource, { clock, onSignal, onUncaught }: SignalListeners): () => void {
  let lastAtMs: number | undefined;
  const onStopSignal = (signal: StopSignal) => () => {
    const nowMs = clock.monotonicMs();
    const isFirst = lastAtMs === undefined;
    if (lastAtMs !== undefined && nowMs - lastAtMs <= SAME_REQUEST_MS) return;
    lastAtMs = nowMs;
    onSignal(signal, isFirst);
  };
  const listeners: Readonly<Record<string, (argument: unknown) => void>> = {
    SIGTERM: onStopSignal('SIGTERM'),
    SIGINT: onStopSignal('SIGINT'),
    uncaughtException: onUncaught,
  };
  for (const [event, listener] of Object.entries(listeners)) signals.on(event, listener);
  return () => {
    for (const [event, listener] of Object.entries(listeners)) signals.off(event, listener);
  };
}

async function orAtDeadline(
  ended: Promise<Ending>,
  stops: DeferredStops,
  { name, logger, shutdownTimeoutMs, clock }: ServiceOptions & { readonly clock: Clock },
): Promise<Ending> {
  const cancelled = new AbortController();
  const endAtDeadline = (): Ending => {
    const { step, remaining } = stops;
    const message = `${name} did not stop within ${shutdownTimeoutMs} ms: ${step} hangs`;
    const details = { step, notStopped: remaining };
    const error = new PipelineError('service.shutdown-deadline', message, { retryable: false, details });
    logger.error({ err: error }, message);
    return { exitCode: 1 };
  };
  const deadline = clock.sleep(shutdownTimeoutMs, cancelled.signal).then(endAtDeadline, () => ended);
  try {
    return await Promise.race([ended, deadline]);
  } finally {
    cancelled.abort();
  }
}

/** Whether the start ended because it was told to stop. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'));
}
