/**
 * A batch of event records → command records and dead letters, both acknowledged before the batch is done.
 *
 * 1. Read and map each record: pure. 2. Produce commands and dead letters; the brokers have them when this resolves. 3. Count.
 * Then the caller commits. A crash in between repeats the batch with the same command ids.
 */
import {
  headerNames,
  recordSizeBytes,
  toDeadLetter,
  unlessAborted,
  type CommandEncoder,
  type ConsumedRecord,
  type OutgoingRecord,
  type RecordProducer,
  type Topics,
} from '@astrolabe/kafka';
import { fullJitterDelayMs, isPipelineError, type Clock, type ErrorCode, type Logger } from '@astrolabe/service-kit';
import { commandRecord } from './core/command-record.ts';
import { mapEvent } from './core/map-event.ts';
import { readEvent } from './core/read-event.ts';
import type { MapperMetrics } from './mapper-metrics.ts';

export interface MapHandlerOptions {
  readonly producer: RecordProducer;
  readonly encoder: CommandEncoder;
  readonly topics: Topics;
  readonly groupId: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: MapperMetrics;
  /** A command record above this cannot be produced; its event is dead-lettered. */
  readonly maxRecordBytes: number;
}

export type MapHandler = (records: readonly ConsumedRecord[], signal: AbortSignal) => Promise<void>;

/** What becomes of one record. */
type RecordPlan =
  | { readonly kind: 'commands'; readonly records: readonly OutgoingRecord[] }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'dead-letter'; readonly code: ErrorCode; readonly record: OutgoingRecord };

interface Counted {
  readonly plan: RecordPlan;
  readonly connector: string;
  readonly type: string;
}

export function createMapHandler(options: MapHandlerOptions): MapHandler {
  const { producer, topics, metrics } = options;
  return async (records, signal) => {
    const counted = records.map((record) => planRecord(record, options));
    const commands: OutgoingRecord[] = [];
    const deadLetters: OutgoingRecord[] = [];
    for (const { plan } of counted) {
      if (plan.kind === 'commands') for (const command of plan.records) commands.push(command);
      else if (plan.kind === 'dead-letter') deadLetters.push(plan.record);
    }
    await untilStored(() => producer.send(topics.commands.name, commands), options, signal);
    await untilStored(() => producer.send(topics.segmentEventsDeadLetters.name, deadLetters), options, signal);
    for (const each of counted) count(each, metrics);
    metrics.batchRecords.observe(records.length);
  };
}

function planRecord(record: ConsumedRecord, options: MapHandlerOptions): Counted {
  const read = readEvent(record);
  if (read.kind === 'unreadable') {
    const connector = record.headers[headerNames.connectorId]?.toString('utf8') ?? 'unknown';
    return { plan: giveUp(record, read.code, read.message, options), connector, type: 'unknown' };
  }
  const { event, facts } = read;
  const counted = (plan: RecordPlan): Counted => ({ plan, connector: facts.connectorId, type: event.type });
  const mapping = mapEvent(event, facts);
  switch (mapping.kind) {
    case 'skipped':
      return counted(mapping);
    case 'unmappable':
      return counted(giveUp(record, 'event.unmappable', mapping.message, options));
    case 'commands': {
      const commands = mapping.commands.map((command) =>
        commandRecord(command, options.encoder.encode(command), record),
      );
      const largest = Math.max(0, ...commands.map(recordSizeBytes));
      if (largest <= options.maxRecordBytes) return counted({ kind: 'commands', records: commands });
      const message = `a command of ${largest} bytes is over the limit of ${options.maxRecordBytes}`;
      return counted(giveUp(record, 'kafka.record-too-large', message, options));
    }
  }
}

function giveUp(
  record: ConsumedRecord,
  code: ErrorCode,
  message: string,
  { groupId, clock }: MapHandlerOptions,
): RecordPlan {
  return {
    kind: 'dead-letter',
    code,
    record: toDeadLetter(record, { code, message, group: groupId, atMs: clock.nowMs() }),
  };
}

/** A broker that is away is waited for: the partition stands still, nothing is given up, the lag shows it. */
async function untilStored(
  send: () => Promise<unknown>,
  { clock, random, logger }: MapHandlerOptions,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // A send may take as long as a delivery; a partition that is lost must not wait for it.
      await unlessAborted(send(), signal);
      return;
    } catch (error) {
      if (!isPipelineError(error) || !error.retryable) throw error;
      logger.warn({ err: error, attempt }, 'the batch is not stored yet; it is produced again');
    }
    await clock.sleep(fullJitterDelayMs({ attempt, baseMs: 100, maxMs: 5_000, random: random() }), signal);
  }
}

function count({ plan, connector, type }: Counted, metrics: MapperMetrics): void {
  switch (plan.kind) {
    case 'commands':
      metrics.events.inc({ connector, type, outcome: 'mapped', reason: '' });
      metrics.commands.inc({ connector }, plan.records.length);
      return;
    case 'skipped':
      metrics.events.inc({ connector, type, outcome: 'skipped', reason: plan.reason });
      return;
    case 'dead-letter':
      metrics.events.inc({ connector, type, outcome: 'dead-lettered', reason: plan.code });
  }
}
