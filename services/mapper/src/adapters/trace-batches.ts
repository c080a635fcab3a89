/**
 * Shows batches, and those of their events whose trace is sampled, as spans: from their mapping until everything of
 * them is stored.
 */
import type { StateView } from '@astrolabe/processing';
import { headerNames, headerText, markedRecord, type ConsumedRecord } from '@astrolabe/records';
import {
  MAX_LINKS,
  isSampled,
  isSentAgain,
  placeInTrace,
  traceContextOf,
  type SpanAttributes,
  type TraceContext,
  type TracedSpan,
  type Tracing,
} from '@astrolabe/tracing';
import type { UserState } from '../core/user-state.ts';
import type { HandledBatch, RecordOutcome } from '../map-batch.ts';

type Transform<Result> = (records: readonly ConsumedRecord[], state: StateView<UserState>) => Result;

export interface BatchTraces {
  /** The transform, with spans begun for the records that it is given. */
  begun<Result extends { readonly result: HandledBatch }>(transform: Transform<Result>): Transform<Result>;
  /** Everything of the batch is stored. */
  stored(batch: HandledBatch): void;
  /** Whether the batch was stored is not known; it may be transformed again. */
  unanswered(batch: HandledBatch): void;
}

const untraced: BatchTraces = { begun: (transform) => transform, stored: nothing, unanswered: nothing };

export function createBatchTraces(
  tracing: Tracing | undefined,
  names: Omit<TracedBatchesOptions, 'tracing'>,
): BatchTraces {
  return tracing === undefined ? untraced : new TracedBatches({ ...names, tracing });
}

interface TracedBatchesOptions {
  readonly tracing: Tracing;
  readonly groupId: string;
  readonly deadLetterTopic: string;
}

/** What has begun and not ended. */
interface OpenSpans {
  readonly batch: TracedSpan;
  /** By the index of the record. */
  readonly events: ReadonlyMap<number, TracedSpan>;
}

/** A batch that is neither stored nor unanswered was given up with its partition: its spans are collected with it. */
class TracedBatches implements BatchTraces {
  readonly #options: TracedBatchesOptions;
  readonly #open = new WeakMap<HandledBatch, OpenSpans>();

  constructor(options: TracedBatchesOptions) {
    this.#options = options;
  }

  begun<Result extends { readonly result: HandledBatch }>(transform: Transform<Result>): Transform<Result> {
    return (records, state) => {
      const sampled = sampledContexts(records);
      const spans: OpenSpans = { batch: this.#beginBatch(records, [...sampled.values()]), events: new Map() };
      const events = new Map<number, TracedSpan>();
      const traced = [...records];
      for (const [index, context] of sampled) {
        const record = records[index];
        if (record === undefined) continue;
        const span = this.#beginEvent(record, context, spans.batch.context);
        events.set(index, span);
        traced[index] = markedRecord(record, {
          [headerNames.traceparent]: span.context.traceparent,
          [headerNames.tracestate]: span.context.tracestate,
        });
      }
      const transformed = transform(traced, state);
      this.#open.set(transformed.result, { ...spans, events });
      return transformed;
    };
  }

  stored(batch: HandledBatch): void {
    const open = this.#take(batch);
    if (open === undefined) return;
    for (const [index, span] of open.events) {
      const handled = batch.records[index];
      if (handled !== undefined) showOutcome(span, handled.connector, handled.outcome);
      span.end();
    }
    open.batch.end();
  }

  unanswered(batch: HandledBatch): void {
    const open = this.#take(batch);
    if (open === undefined) return;
    for (const span of [...open.events.values(), open.batch]) {
      span.fail('kafka.unavailable');
      span.end();
    }
  }

  #take(batch: HandledBatch): OpenSpans | undefined {
    const open = this.#open.get(batch);
    this.#open.delete(batch);
    return open;
  }

  #beginBatch(records: readonly ConsumedRecord[], contexts: readonly TraceContext[]): TracedSpan {
    const [first] = records;
    return this.#options.tracing.startSpan({
      name: `process ${first?.topic ?? ''}`,
      kind: 'consumer',
      parent: undefined,
      links: distinct(contexts),
      attributes: { ...this.#attributesOf(first), 'messaging.batch.message_count': records.length },
    });
  }

  /**
   * The event's own trace goes on. What is sent again begins another one, with a link to the old one.
   */
  #beginEvent(record: ConsumedRecord, context: TraceContext, batch: TraceContext): TracedSpan {
    const { parent, links } = placeInTrace(context, isSentAgain(record, this.#options.deadLetterTopic));
    return this.#options.tracing.startSpan({
      name: `process ${record.topic}`,
      kind: 'consumer',
      parent,
      links: isSampled(batch) ? [...links, batch] : links,
      attributes: {
        ...this.#attributesOf(record),
        'messaging.kafka.offset': Number(record.offset),
        'astrolabe.replay.id': headerText(record, headerNames.replayId),
      },
    });
  }

  #attributesOf(record: ConsumedRecord | undefined): SpanAttributes {
    return {
      'messaging.system': 'kafka',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': record?.topic,
      'messaging.destination.partition.id': record?.partition.toString(),
      'messaging.consumer.group.name': this.#options.groupId,
    };
  }
}

/** By the index of the record. */
function sampledContexts(records: readonly ConsumedRecord[]): ReadonlyMap<number, TraceContext> {
  const contexts = new Map<number, TraceContext>();
  for (const [index, record] of records.entries()) {
    const context = traceContextOf(record);
    if (context !== undefined && isSampled(context)) contexts.set(index, context);
  }
  return contexts;
}

/** Events of one request have one context. */
function distinct(contexts: readonly TraceContext[]): readonly TraceContext[] {
  const byParent = new Map(contexts.map((context) => [context.traceparent, context]));
  return [...byParent.values()].slice(0, MAX_LINKS);
}

function showOutcome(span: TracedSpan, connector: string, outcome: RecordOutcome): void {
  span.setAttributes({ 'astrolabe.connector.id': connector, 'astrolabe.outcome': outcome.kind });
  switch (outcome.kind) {
    case 'mapped':
      return span.setAttributes({ 'astrolabe.commands': outcome.commands });
    case 'skipped':
      return span.setAttributes({ 'astrolabe.skip.reason': outcome.reason });
    case 'dead-lettered':
      return span.fail(outcome.code);
  }
}

function nothing(): void {
  // Nothing is open.
}
