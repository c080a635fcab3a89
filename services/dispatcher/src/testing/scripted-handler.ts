/** The lifecycle of commands between records in memory and an API that answers as scripted. */
import { createLaneProcessor, type PartitionSession } from '@astrolabe/processing';
import { toHeaders, type ConsumedRecord, type RecordProducer } from '@astrolabe/records';
import { createInMemoryLog } from '@astrolabe/records/in-memory';
import { createCommandDecoder, createCommandEncoder } from '@astrolabe/records/serde';
import { commandKinds, type Command } from '@astrolabe/schemas';
import { commandTypes } from '@astrolabe/schemas/avro';
import { createLogger, createMetrics } from '@astrolabe/service-kit';
import { createManualClock } from '@astrolabe/service-kit/clock';
import { createConnectorDirectory, type Connector } from '@astrolabe/service-kit/connectors';
import { PipelineError } from '@astrolabe/service-kit/errors';
import type { ApiClient } from '../calls/api-client.ts';
import type { ApiRequest } from '../core/api-request.ts';
import type { ApiOutcome } from '../core/classify-response.ts';
import { connectorOf, laneOf } from '../core/lane-of.ts';
import type { LimiterPolicy } from '../limits/limiter-policy.ts';
import { createInMemoryLedger, type DeliveryLedger } from '../lifecycle/delivery-ledger.ts';
import { CallScheduler } from '../calls/call-scheduler.ts';
import { CommandLifecycle } from '../lifecycle/command-lifecycle.ts';
import { createDispatcherMetrics } from '../dispatcher-metrics.ts';
import { receivedAtMs } from './commands.ts';

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const schemaIds = new Map(commandKinds.map((kind, index) => [kind, index + 1]));
export const encoder = createCommandEncoder(schemaIds);
export const unavailable = new PipelineError('kafka.unavailable', 'no broker', { retryable: true });

type Answer = ApiOutcome | 'effect, then lost' | 'hang';

export function answer(status: number, body: object = {}, headers: Record<string, string> = {}): ApiOutcome {
  return { kind: 'response', status, headers, body: JSON.stringify(body) };
}

/** A single call by its method and path, a bulk call by the messages of the commands in it. */
function nameOf(request: ApiRequest): string {
  const { method, path, idempotencyKey } = request;
  return idempotencyKey === undefined ? idsOf(request).map(messageOf).join('+') : `${method} ${path}`;
}

function idsOf({ body }: ApiRequest): string[] {
  const { commands } = JSON.parse(body ?? '') as { readonly commands: readonly { readonly id: string }[] };
  return commands.map(({ id }) => id);
}

/** Messages by the ids of their commands, which tests cannot read. */
const messageIds = new Map<string, string>();

function messageOf(commandId: string): string {
  return messageIds.get(commandId) ?? commandId;
}

/** The API in memory: scripted answers, else it carries out each key once, as the contract has it. */
function createScriptedApi(effects: string[]) {
  const script: Answer[] = [];
  /** Statuses of commands in bulk calls, by their messages; one for each call. */
  const items = new Map<string, number[]>();
  const executed = new Set<string>();
  const keys: string[] = [];
  const execute = (key: string, call: string): ApiOutcome => {
    if (executed.has(key)) return answer(200, { result: 'applied' }, { 'idempotency-replayed': 'true' });
    executed.add(key);
    effects.push(`effect of ${call}`);
    return answer(200, { result: 'applied' });
  };
  const executeItem = (id: string): object => {
    const scripted = items.get(messageOf(id))?.shift();
    if (scripted !== undefined) return { id, status: scripted, problem: { title: `status ${scripted}` } };
    const outcome = execute(`"${id}"`, messageOf(id));
    const replayed = outcome.kind === 'response' && outcome.headers['idempotency-replayed'] !== undefined;
    return { id, status: 200, result: 'applied', ...(replayed ? { replayed } : {}) };
  };
  const carryOut = (request: ApiRequest): ApiOutcome => {
    const { idempotencyKey } = request;
    if (idempotencyKey !== undefined) return execute(idempotencyKey, nameOf(request));
    return answer(200, { results: idsOf(request).map(executeItem) });
  };
  const outcomeOf = (request: ApiRequest): ApiOutcome | undefined => {
    const scripted = script.shift();
    if (scripted === 'hang') return undefined;
    if (scripted === 'effect, then lost') {
      carryOut(request);
      return { kind: 'no-response', reason: 'connection', message: 'other side closed' };
    }
    return scripted ?? carryOut(request);
  };
  const client: ApiClient = {
    call: (request, apiKey, receiver) => {
      effects.push(`call ${nameOf(request)}`);
      keys.push(apiKey);
      const outcome = outcomeOf(request);
      let aborted = false;
      queueMicrotask(() => {
        if (outcome !== undefined && !aborted) receiver.onOutcome(outcome);
      });
      return {
        abort: () => {
          aborted = true;
        },
      };
    },
    close: async () => undefined,
  };
  return { client, script, items, keys };
}

interface HandlerOptions {
  /** Default: the scripted one. */
  readonly apiClient?: ApiClient;
  /** Default: `setImmediate`. */
  readonly inNextTurn?: (run: () => void) => void;
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
  const deadLetterProducer: RecordProducer = {
    send: async (topic, records) => {
      const positions = await log.send(topic, records);
      effects.push('dead letter stored');
      return positions;
    },
    close: () => log.close(),
  };
  const clock = createManualClock(receivedAtMs + 1_500);
  const ledger = createInMemoryLedger();
  const connector = { name: 'Acme', writeKeys: [], freeEmailProviders: 'allow' as const };
  const acme: Connector = { ...connector, id: 'acme', apiKey: 'key-of-acme', enabled: true };
  const off: Connector = { ...connector, id: 'off', apiKey: 'key-of-off', enabled: false };
  let connectors = createConnectorDirectory([acme, off]);
  const lines: string[] = [];
  const logger = createLogger({
    name: 'dispatcher',
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  });
  const registry = createMetrics({ service: 'dispatcher' });
  const metrics = createDispatcherMetrics(registry);
  const calls = options.maxConcurrentCalls ?? 10;
  const concurrencyOf = (limit: number) => ({ floor: limit, initial: limit, ceiling: limit });
  const scheduler = new CallScheduler({
    apiClient: options.apiClient ?? api.client,
    connectors: () => connectors,
    policyOf: (connectorId) => ({
      concurrency: concurrencyOf(connectors.byId(connectorId)?.delivery?.maxConcurrentCalls ?? calls),
      callsPerSecond: 0,
      circuit: {
        failing: { failuresToOpen: options.failuresToOpen ?? 1_000_000, pauseMs: 1_000, maxPauseMs: 8_000 },
        halted: { failuresToOpen: 1, pauseMs: 4_000, maxPauseMs: 4_000 },
      },
      bulk: options.bulk,
    }),
    maxCalls: 1_000,
    maxRetryAfterMs: 30_000,
    clock,
    inNextTurn: options.inNextTurn ?? setImmediate,
    random: () => 0.5,
    logger,
    metrics,
  });
  const lifecycleOf = (session: PartitionSession) =>
    new CommandLifecycle({
      scheduler,
      session,
      ledger: options.ledger ?? ledger,
      decoder: createCommandDecoder({
        schemaById: async (id) => {
          const fault = options.decoderFault?.();
          if (fault !== undefined) throw fault;
          const kind = commandKinds[id - 1];
          return kind === undefined ? undefined : { kind: 'avro', type: commandTypes[kind] };
        },
      }),
      deadLetters: deadLetterProducer,
      deadLetterTopic: 'dlq',
      groupId: 'dispatcher',
      policy: { baseMs: 200, maxMs: 1_000, budgetMs: 60_000, maxRetryAfterMs: 30_000 },
      clock,
      random: () => 0.5,
      logger,
      metrics,
    });
  const processorOf = (session: PartitionSession) =>
    createLaneProcessor({
      session,
      laneOf,
      connectorOf: connectorOf,
      handler: lifecycleOf(session),
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
  /**
   * Resolves when the record may be forgotten; rejects with the fault that stops the partition, or with the reason of
   * the signal.
   */
  const run = (record: ConsumedRecord, signal = new AbortController().signal) => {
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
  };
  const countsOf = async (metric: 'commands' | 'retries' | 'failedCalls') => {
    const { values } = await metrics[metric].get();
    const labelsOf = (labels: object) =>
      Object.values(labels as Record<string, string>)
        .join(' ')
        .trimEnd();
    return values.map(({ labels, value }) => `${labelsOf(labels)} ${value}`).sort();
  };
  const isHalted = () => {
    const { circuit } = scheduler.limiterOf('acme');
    return circuit.kind !== 'closed' && circuit.cause === 'halted';
  };
  const deadLetters = () => log.records('dlq');
  /** What an edit of the connectors file makes of acme; undefined removes it. */
  const editAcme = (edit: Partial<Connector> | undefined) => {
    connectors = createConnectorDirectory(edit === undefined ? [off] : [{ ...acme, ...edit }, off]);
    scheduler.connectorsChanged();
  };
  return {
    effects,
    ...api,
    log,
    clock,
    lifecycleOf,
    processorOf,
    run,
    countsOf,
    isHalted,
    deadLetters,
    editAcme,
    ledger,
    metrics,
    scheduler,
    lines,
  };
}

export function recordOf(command: Command, offset = 0n, key = 'u'): ConsumedRecord {
  messageIds.set(command.record.commandId, command.record.messageId);
  return rawRecord(encoder.encode(command), offset, key);
}

export function rawRecord(value: Buffer | null, offset = 0n, key = 'u'): ConsumedRecord {
  const headers = toHeaders({ 'connector-id': 'acme', 'message-id': 'm-1' });
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
