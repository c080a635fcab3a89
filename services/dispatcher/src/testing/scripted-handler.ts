/** The lifecycle of commands between records in memory and an API that answers as scripted. */
import { createLaneProcessor, type LaneProcessor, type PartitionSession } from '@astrolabe/processing';
import { toHeaders, type ConsumedRecord, type RecordProducer } from '@astrolabe/records';
import { createInMemoryLog } from '@astrolabe/records/in-memory';
import { createCommandDecoder, createCommandEncoder, type CommandDecoder } from '@astrolabe/records/serde';
import { commandKinds, type Command } from '@astrolabe/schemas';
import { commandTypes } from '@astrolabe/schemas/avro';
import { createLogger, createMetrics } from '@astrolabe/service-kit';
import { createManualClock, type Clock } from '@astrolabe/service-kit/clock';
import { createConnectorDirectory, type Connector } from '@astrolabe/service-kit/connectors';
import { PipelineError } from '@astrolabe/service-kit/errors';
import type { ApiClient } from '../calls/api-client.ts';
import { connectorOf, laneOf } from '../core/lane-of.ts';
import type { LimiterPolicy } from '../limits/limiter-policy.ts';
import { createInMemoryLedger, type DeliveryLedger } from '../lifecycle/delivery-ledger.ts';
import { CallScheduler } from '../calls/call-scheduler.ts';
import { CommandLifecycle } from '../lifecycle/command-lifecycle.ts';
import type { InFlightCommand } from '../lifecycle/in-flight-command.ts';
import { createDispatcherMetrics, type DispatcherMetrics } from '../dispatcher-metrics.ts';
import { receivedAtMs } from './commands.ts';
import { createScriptedApi, nameCommand } from './scripted-api.ts';

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const schemaIds = new Map(commandKinds.map((kind, index) => [kind, index + 1]));
export const encoder = createCommandEncoder(schemaIds);
export const unavailable = new PipelineError('kafka.unavailable', 'no broker', { retryable: true });

interface HandlerOptions {
  /** Default: the scripted one. */
  readonly apiClient?: ApiClient;
  /** Default: `setImmediate`. */
  readonly inNextTurn?: (run: () => void) => void;
  /** Default: one that the test moves. */
  readonly clock?: Clock;
  /** Default: one in memory. */
  readonly ledger?: DeliveryLedger;
  readonly maxConcurrentCalls?: number;
  readonly decoderFault?: () => PipelineError | undefined;
  readonly bulk?: LimiterPolicy['bulk'];
  /** Failures in a row that open the circuit. Default: so many that it stays closed. */
  readonly failuresToOpen?: number;
}

/** A handler with each of its effects, and the end of each record, in order. */
export function createHandler(options: HandlerOptions = {}) {
  const effects: string[] = [];
  const api = createScriptedApi(effects);
  const log = createInMemoryLog();
  const clock = createManualClock(receivedAtMs + 1_500);
  const ledger = createInMemoryLedger();
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: 'dispatcher', level: 'info', destination });
  const metrics = createDispatcherMetrics(createMetrics({ service: 'dispatcher' }));
  const connectors = createTestConnectors();
  const common = { clock: options.clock ?? clock, logger, metrics, random: () => 0.5 };
  const scheduler = new CallScheduler({
    ...common,
    apiClient: options.apiClient ?? api.client,
    connectors: connectors.current,
    policyOf: (connectorId) => policyOf(connectors.current().byId(connectorId), options),
    maxCalls: 1_000,
    maxRetryAfterMs: 30_000,
    inNextTurn: options.inNextTurn ?? setImmediate,
  });
  const decoder = createDecoder(options);
  const lifecycleOf = (session: PartitionSession) =>
    new CommandLifecycle({
      ...common,
      scheduler,
      session,
      ledger: options.ledger ?? ledger,
      decoder,
      deadLetters: notingProducer(log, effects),
      deadLetterTopic: 'dlq',
      groupId: 'dispatcher',
      policy: { baseMs: 200, maxMs: 1_000, budgetMs: 60_000, maxRetryAfterMs: 30_000 },
    });
  const processorOf = (session: PartitionSession) => createProcessor(session, lifecycleOf(session), common.clock);
  return {
    effects,
    ...api,
    log,
    clock,
    ledger,
    metrics,
    scheduler,
    decoder,
    logger,
    lines,
    lifecycleOf,
    processorOf,
    /**
     * Resolves when the record may be forgotten; rejects with the fault that stops the partition, or with the reason of
     * the signal.
     */
    run: (record: ConsumedRecord, signal = new AbortController().signal) =>
      runRecord(record, { signal, effects, processorOf }),
    countsOf: (metric: CountedMetric) => countsOf(metrics, metric),
    isHalted: () => {
      const { circuit } = scheduler.limiterOf('acme');
      return circuit.kind !== 'closed' && circuit.cause === 'halted';
    },
    deadLetters: () => log.records('dlq'),
    /** What an edit of the connectors file makes of acme; undefined removes it. */
    editAcme: (edit: Partial<Connector> | undefined) => {
      connectors.editAcme(edit);
      scheduler.connectorsChanged();
    },
  };
}

/** `acme`, `quiet`, and `off`, which is switched off. */
function createTestConnectors() {
  const connector = { name: 'Acme', writeKeys: [], freeEmailProviders: 'allow' as const };
  const acme: Connector = { ...connector, id: 'acme', apiKey: 'key-of-acme', enabled: true };
  const off: Connector = { ...connector, id: 'off', apiKey: 'key-of-off', enabled: false };
  const quiet: Connector = { ...connector, id: 'quiet', apiKey: 'key-of-quiet', enabled: true };
  const others = [off, quiet];
  let directory = createConnectorDirectory([acme, ...others]);
  return {
    current: () => directory,
    editAcme: (edit: Partial<Connector> | undefined) => {
      directory = createConnectorDirectory(edit === undefined ? others : [{ ...acme, ...edit }, ...others]);
    },
  };
}

function policyOf(connector: Connector | undefined, options: HandlerOptions): LimiterPolicy {
  const calls = connector?.delivery?.maxConcurrentCalls ?? options.maxConcurrentCalls ?? 10;
  return {
    mayCall: true,
    concurrency: { floor: calls, initial: calls, ceiling: calls },
    callsPerSecond: undefined,
    circuit: {
      failing: { failuresToOpen: options.failuresToOpen ?? 1_000_000, pauseMs: 1_000, maxPauseMs: 8_000 },
      halted: { failuresToOpen: 1, pauseMs: 4_000, maxPauseMs: 4_000 },
    },
    bulk: options.bulk,
  };
}

function createDecoder({ decoderFault }: HandlerOptions): CommandDecoder {
  return createCommandDecoder({
    schemaById: async (id) => {
      const fault = decoderFault?.();
      if (fault !== undefined) throw fault;
      const kind = commandKinds[id - 1];
      return kind === undefined ? undefined : { kind: 'avro', type: commandTypes[kind] };
    },
  });
}

/** Notes among the effects that a dead letter is stored, once it is. */
function notingProducer(log: RecordProducer, effects: string[]): RecordProducer {
  return {
    send: async (topic, records) => {
      const positions = await log.send(topic, records);
      effects.push('dead letter stored');
      return positions;
    },
    close: () => log.close(),
  };
}

function createProcessor(
  session: PartitionSession,
  handler: CommandLifecycle,
  clock: Clock,
): LaneProcessor<InFlightCommand> {
  return createLaneProcessor<InFlightCommand>({
    session,
    laneOf,
    connectorOf,
    handler,
    limits: {
      maxRecords: 100,
      maxBytes: 1_000_000,
      windowRecords: 10,
      windowBytes: 1_000_000,
      maxHoldMs: Infinity,
      maxLaggingConnectors: 0,
    },
    nowMs: () => clock.monotonicMs(),
    restore: undefined,
    readPage: () => Promise.reject(new Error('nothing lags')),
  });
}

interface RecordRun {
  readonly signal: AbortSignal;
  readonly effects: string[];
  readonly processorOf: (session: PartitionSession) => LaneProcessor;
}

function runRecord(record: ConsumedRecord, { signal, effects, processorOf }: RecordRun): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const session: PartitionSession = {
    topic: 'commands',
    partition: 2,
    topicId: undefined,
    epoch: 1,
    signal,
    storeOffset: () => {
      effects.push(`done ${record.offset}`);
      ended.resolve();
    },
    pause: () => undefined,
    resume: () => undefined,
    fail: (fault) => {
      ended.reject(fault);
    },
  };
  const processor = processorOf(session);
  signal.addEventListener('abort', () => {
    void processor.stop().then(() => {
      ended.reject(signal.reason);
    });
  });
  processor.enqueue([record], record.offset + 1n);
  return ended.promise;
}

type CountedMetric = 'commands' | 'retries' | 'failedCalls';

/** The labels and the value of each count, in alphabetical order. */
async function countsOf(metrics: DispatcherMetrics, metric: CountedMetric): Promise<string[]> {
  const { values } = await metrics[metric].get();
  const labelsOf = (labels: object): string =>
    Object.values(labels as Record<string, string>)
      .join(' ')
      .trimEnd();
  return values.map(({ labels, value }) => `${labelsOf(labels)} ${value}`).sort();
}

export function recordOf(command: Command, offset = 0n, key = 'u'): ConsumedRecord {
  const { commandId, messageId, connectorId } = command.record;
  nameCommand(commandId, messageId);
  return rawRecord(encoder.encode(command), offset, key, connectorId);
}

export function rawRecord(value: Buffer | null, offset = 0n, key = 'u', connector = 'acme'): ConsumedRecord {
  const headers = toHeaders({ 'connector-id': connector, 'message-id': 'm-1' });
  return { topic: 'commands', partition: 2, offset, timestampMs: 0, key: Buffer.from(key), value, headers };
}

/** A session that keeps what is declared committable among the other effects. */
export function createSession(effects: string[]): PartitionSession & { faults: unknown[] } {
  const faults: unknown[] = [];
  return {
    topic: 'commands',
    partition: 2,
    topicId: undefined,
    epoch: 1,
    signal: new AbortController().signal,
    faults,
    storeOffset: (nextOffset) => void effects.push(`committable ${nextOffset}`),
    pause: () => undefined,
    resume: () => undefined,
    fail: (fault) => void faults.push(fault),
  };
}
