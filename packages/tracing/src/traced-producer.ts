/** Shows sends to Kafka as spans. */
import {
  headerNames,
  type CloseOptions,
  type OutgoingRecord,
  type RecordPosition,
  type RecordProducer,
} from '@astrolabe/records';
import { isPipelineError } from '@astrolabe/service-kit/errors';
import { placeInTrace } from './sent-again.ts';
import { isSampled, traceContextOf, type TraceContext } from './trace-context.ts';
import type { TracedSpan, Tracing } from './tracing.ts';

export interface TraceSendsOptions {
  /** The record is of a trace that was over long ago: the send begins another one. Default: never. */
  readonly isSentAgain?: (record: OutgoingRecord) => boolean;
}

/** The producer, or one that shows its sends if tracing is on. */
export function traceSends(
  producer: RecordProducer,
  tracing: Tracing | undefined,
  options: TraceSendsOptions = {},
): RecordProducer {
  return tracing === undefined ? producer : new TracedProducer(producer, tracing, options);
}

/**
 * A span for each `send` whose first record is of a sampled trace; all of a send are of one request, or one alone. The
 * records carry the context of that span.
 */
class TracedProducer implements RecordProducer {
  readonly #producer: RecordProducer;
  readonly #tracing: Tracing;
  readonly #options: TraceSendsOptions;

  constructor(producer: RecordProducer, tracing: Tracing, options: TraceSendsOptions) {
    this.#producer = producer;
    this.#tracing = tracing;
    this.#options = options;
  }

  async send(topic: string, records: readonly OutgoingRecord[]): Promise<readonly RecordPosition[]> {
    const [first] = records;
    const context = first === undefined ? undefined : traceContextOf(first);
    if (first === undefined || context === undefined || !isSampled(context)) return this.#producer.send(topic, records);
    const isAgain = this.#options.isSentAgain?.(first) === true;
    const span = this.#tracing.startSpan({
      name: `send ${topic}`,
      kind: 'producer',
      ...placeInTrace(context, isAgain),
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.type': 'send',
        'messaging.operation.name': 'send',
        'messaging.destination.name': topic,
        'messaging.batch.message_count': records.length,
      },
    });
    try {
      const positions = await this.#producer.send(topic, withContext(records, span.context));
      if (positions.length === 1) showPosition(span, positions[0]);
      return positions;
    } catch (error) {
      span.fail(isPipelineError(error) ? error.code : '_OTHER');
      throw error;
    } finally {
      span.end();
    }
  }

  close(options?: CloseOptions): Promise<void> {
    return this.#producer.close(options);
  }
}

function showPosition(span: TracedSpan, position: RecordPosition | undefined): void {
  span.setAttributes({
    'messaging.destination.partition.id': position?.partition.toString(),
    'messaging.kafka.offset': Number(position?.offset),
  });
}

function withContext(
  records: readonly OutgoingRecord[],
  { traceparent, tracestate }: TraceContext,
): readonly OutgoingRecord[] {
  const context: Record<string, Buffer> = { [headerNames.traceparent]: Buffer.from(traceparent, 'latin1') };
  if (tracestate !== undefined) context[headerNames.tracestate] = Buffer.from(tracestate, 'latin1');
  return records.map((record) => ({ ...record, headers: { ...record.headers, ...context } }));
}
