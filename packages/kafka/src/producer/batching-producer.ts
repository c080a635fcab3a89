/**
 * Gathers what arrives while a request is under way and sends it as the next one, over a session that is replaced as
 * soon as it fails.
 *
 * An idempotent session numbers its records, and after a failure nobody knows which numbers the brokers have taken:
 * going on with it could give new records the numbers of stored ones, which the brokers acknowledge as repetitions and
 * do not store.
 */
import {
  recordSizeBytes,
  type CloseOptions,
  type OutgoingRecord,
  type RecordPosition,
  type RecordProducer,
} from '@astrolabe/records';
import { FaultLog, type Logger } from '@astrolabe/service-kit';
import { PipelineError, present, type ErrorCode } from '@astrolabe/service-kit/errors';
import { unlessAborted } from '@astrolabe/service-kit/retry';
import { Accumulator, type AccumulatedSend, type QueuedSend } from './accumulator.ts';
import { isClusterRefusal, toKafkaError } from '../kafka-errors.ts';

/** Records of one topic. */
export interface TopicRecords {
  readonly topic: string;
  readonly records: readonly OutgoingRecord[];
}

/** A connection that produces. Used for one request at a time, and never again after a failure. */
export interface ProduceSession {
  /**
   * One request to the brokers. Resolves with the positions of each element once all are acknowledged; rejects when any
   * is not, in which case some may be stored. Once `cancelled` aborts, nothing more may be sent.
   */
  produce(requests: readonly TopicRecords[], cancelled: AbortSignal): Promise<readonly (readonly RecordPosition[])[]>;
  close(): Promise<void>;
}

/**
 * How soon a request may follow the one before. What comes alone is sent at once; what follows closely upon it waits
 * for others, since a request costs the brokers as much as a hundred records in it.
 */
export interface RequestPace {
  /** From the beginning of one request to that of the next. */
  readonly intervalMs: number;
  /** So many records wait for nothing. */
  readonly unlessRecords: number;
}

export interface BatchingProducerOptions {
  /** Called at the start and after each failure; rejects when no broker can be reached. */
  readonly openSession: () => Promise<ProduceSession>;
  /** Named where the brokers forbid a write. */
  readonly principal: string;
  /** Topics that it is for, as far as they are known when it connects. */
  readonly topics?: readonly string[] | undefined;
  /** `kafka.unauthorized` for those of the topics that this user may not write to; undefined where it may. */
  readonly findForbidden?: (topics: readonly string[]) => Promise<PipelineError | undefined>;
  readonly logger: Logger;
  readonly deliveryTimeoutMs: number;
  readonly maxRequestBytes: number;
  readonly maxRecordBytes: number;
  /** Default: a request follows as soon as the one before is acknowledged. */
  readonly pace?: RequestPace | undefined;
}

export class BatchingProducer implements RecordProducer {
  readonly #options: BatchingProducerOptions;
  readonly #queue: Accumulator;
  readonly #faults: FaultLog;
  #session: Promise<ProduceSession> | undefined;
  #closed = false;
  readonly #unsettled = new Set<QueuedSend>();
  #working: Promise<void> | undefined;
  #lastRequestAtMs = Number.NEGATIVE_INFINITY;
  /** Ends the wait for the next request before its time. */
  #endPause: (() => void) | undefined;

  constructor(options: BatchingProducerOptions) {
    this.#options = options;
    this.#faults = new FaultLog(options.logger);
    this.#queue = new Accumulator(options.maxRequestBytes);
  }

  async connect(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      this.#discardSession();
      const { principal, topics = [] } = this.#options;
      throw await this.#withTopicsNamed(toKafkaError(error, 'connecting the producer', { principal }), error, topics);
    }
  }

  send(topic: string, records: readonly OutgoingRecord[]): Promise<readonly RecordPosition[]> {
    if (this.#closed) {
      return Promise.reject(new PipelineError('kafka.unavailable', 'the producer is closed', { retryable: true }));
    }
    const { maxRecordBytes } = this.#options;
    const sizes = records.map(recordSizeBytes);
    const largest = sizes.reduce((max, size) => Math.max(max, size), 0);
    if (largest > maxRecordBytes) {
      return Promise.reject(
        new PipelineError(
          'kafka.record-too-large',
          `a record of ${largest} bytes is over the limit of ${maxRecordBytes}`,
          {
            retryable: false,
            details: { topic, sizeBytes: largest, maxBytes: maxRecordBytes },
          },
        ),
      );
    }
    if (records.length === 0) return Promise.resolve([]);
    const queued = this.#queue.add(topic, records, sizes);
    const { deliveryTimeoutMs: timeoutMs } = this.#options;
    const timer = setTimeout(() => {
      const message = `no acknowledgement within ${timeoutMs} ms`;
      queued.reject(new PipelineError('kafka.unavailable', message, { retryable: true }));
    }, timeoutMs);
    this.#unsettled.add(queued);
    queued.onSettled(() => {
      clearTimeout(timer);
      this.#unsettled.delete(queued);
    });
    if (this.#isEnough()) this.#endPause?.();
    this.#working ??= this.#work();
    return queued.promise;
  }

  /** By the delivery time-out every send has its answer; with `timeoutMs`, by then. */
  async close({ timeoutMs }: CloseOptions = {}): Promise<void> {
    this.#closed = true;
    this.#endPause?.();
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => this.#giveUp(timeoutMs), timeoutMs);
    await this.#working;
    clearTimeout(timer);
    await this.#session?.then((session) => session.close()).catch(() => undefined);
  }

  async #work(): Promise<void> {
    // One turn of the event loop, so that everything which arrives in it shares the first request.
    await new Promise((resolve) => setImmediate(resolve));
    // No await between the last look and the end: what is sent in between would wait for the next send.
    while (this.#queue.waitingRecords > 0) {
      await this.#pause();
      const request = this.#queue.next();
      // All of it was taken back meanwhile.
      if (request.length === 0) continue;
      this.#lastRequestAtMs = performance.now();
      await this.#deliver(request);
    }
    this.#working = undefined;
  }

  #giveUp(closedForMs: number): void {
    const message = `the producer was closed, and had no acknowledgement within ${closedForMs} ms`;
    for (const send of this.#unsettled)
      send.reject(new PipelineError('kafka.unavailable', message, { retryable: true }));
  }

  async #pause(): Promise<void> {
    const { pace } = this.#options;
    if (pace === undefined || this.#isEnough()) return;
    const pauseMs = this.#lastRequestAtMs + pace.intervalMs - performance.now();
    if (pauseMs <= 0) return;
    const over = Promise.withResolvers<void>();
    this.#endPause = over.resolve;
    const timer = setTimeout(over.resolve, pauseMs);
    await over.promise;
    clearTimeout(timer);
    this.#endPause = undefined;
  }

  #isEnough(): boolean {
    return this.#closed || this.#queue.waitingRecords >= (this.#options.pace?.unlessRecords ?? 1);
  }

  async #deliver(sends: readonly AccumulatedSend[]): Promise<void> {
    const cancelled = abortOnceSettled(sends);
    try {
      const session = await unlessAborted(this.#open(), cancelled);
      const positions = await unlessAborted(session.produce(sends, cancelled), cancelled);
      this.#faults.worked({}, 'produce requests are acknowledged again');
      sends.forEach((send, index) => {
        send.resolve(present(positions[index], 'the positions of a send'));
      });
    } catch (error) {
      this.#discardSession();
      if (cancelled.aborted) return;
      const fault = await this.#faultOf(error, [...new Set(sends.map(({ topic }) => topic))]);
      const mayBeOneOfThem = !fault.retryable || ONE_OF_THEM.has(fault.code);
      // The faults of the single sends follow.
      if (!mayBeOneOfThem || sends.length === 1)
        this.#faults.failed(fault, { sends: sends.length }, 'a produce request failed; its connection is replaced');
      if (mayBeOneOfThem && sends.length > 1) await this.#deliverEach(sends);
      else for (const send of sends) send.reject(fault);
    }
  }

  /**
   * The brokers refuse a request as a whole: each send by itself gets an answer of its own, and the innocent ones are
   * stored.
   */
  async #deliverEach(sends: readonly AccumulatedSend[]): Promise<void> {
    for (const send of sends) if (!send.isSettled()) await this.#deliver([send]);
  }

  async #faultOf(error: unknown, names: readonly string[]): Promise<PipelineError> {
    const topics = names.map((resource) => ({ operation: 'Write', resourceType: 'topic', resource }) as const);
    const fault = toKafkaError(error, 'producing', { principal: this.#options.principal, topics });
    return this.#withTopicsNamed(fault, error, names);
  }

  /** A producer that may write to no topic at all is refused for the cluster, whatever it is for. */
  async #withTopicsNamed(fault: PipelineError, error: unknown, topics: readonly string[]): Promise<PipelineError> {
    if (topics.length === 0 || !isClusterRefusal(error)) return fault;
    return (await this.#options.findForbidden?.(topics).catch(() => undefined)) ?? fault;
  }

  #open(): Promise<ProduceSession> {
    return (this.#session ??= this.#options.openSession());
  }

  #discardSession(): void {
    void this.#session?.then((session) => session.close()).catch(() => undefined);
    this.#session = undefined;
  }
}

/** Retryable, and perhaps the fault of one send only. */
const ONE_OF_THEM: ReadonlySet<ErrorCode> = new Set(['kafka.topic-missing', 'kafka.unauthorized']);

/** Made once: without a reason each abort makes one, stack trace and all, for every request that succeeded. */
const everyoneAnswered = new Error('every caller has its answer');

/** Aborts once every caller has its answer. */
function abortOnceSettled(sends: readonly AccumulatedSend[]): AbortSignal {
  const controller = new AbortController();
  let unsettled = sends.length;
  for (const send of sends) {
    send.onSettled(() => {
      unsettled -= 1;
      if (unsettled === 0) controller.abort(everyoneAnswered);
    });
  }
  return controller.signal;
}
