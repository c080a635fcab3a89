/**
 * What would be observed of a pipeline that keeps every promise: the material of the oracle's tests, which then tamper
 * with it.
 */
import { stringifyJson, type Command } from '@astrolabe/schemas';
import type { CallEnd, TrafficCall } from '../../traffic/traffic-call.ts';
import type { TrafficConnector } from '../../traffic/traffic-connector.ts';
import { stateAfter } from '../astrolabe-model.ts';
import { attemptOf } from '../checks/keys.ts';
import { outcomesOf } from '../checks/totals.ts';
import { timeOf } from '../event-times.ts';
import { expectRun, type ExpectedRun } from '../expected-run.ts';
import type {
  Arrival,
  CommandRecord,
  DeadLetter,
  EventRecord,
  MetricSample,
  Observed,
  ProcessLife,
  ReadAgain,
  Workspace,
} from '../observed.ts';
import { keyOfEvent, rejectionOf } from '../segment-meaning.ts';
import { SentEvents } from '../sent-events.ts';
import { perfectReplays } from './perfect-replays.ts';

/** Tests change what they like. */
export type Mutable<T> =
  T extends ReadonlyMap<infer K, infer V>
    ? Map<K, Mutable<V>>
    : T extends readonly (infer I)[]
      ? Mutable<I>[]
      : T extends object
        ? { -readonly [P in keyof T]: Mutable<T[P]> }
        : T;

export interface PerfectRun {
  readonly ends: readonly (readonly [TrafficCall, CallEnd])[];
  readonly observed: Mutable<Observed>;
}

const PARTITIONS = 3;
const DAY_MS = 86_400_000;

export interface PerfectRunOptions {
  readonly startMs: number;
  /** How often a call is stored: all but the last of them without an answer. */
  readonly attempts: (call: TrafficCall) => number;
  /** Default false. */
  readonly hasReplays?: boolean;
}

export function perfectRun(
  connectors: readonly TrafficConnector[],
  calls: readonly TrafficCall[],
  options: PerfectRunOptions,
): PerfectRun {
  const sent = new SentEvents();
  const ends: (readonly [TrafficCall, CallEnd])[] = [];
  const events: EventRecord[] = [];
  const eventDeadLetters: DeadLetter[] = [];
  let nowMs = options.startMs;
  for (const call of calls) {
    const attempts = options.attempts(call);
    const firstSentAtMs = nowMs;
    const end: CallEnd = { kind: 'acknowledged', attempts, firstSentAtMs, acknowledgedAtMs: nowMs + 20 * attempts };
    sent.ended(call, end);
    ends.push([call, end]);
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      nowMs += 20;
      store(call, sent, nowMs, events, eventDeadLetters);
    }
  }
  const expected = expectRun(connectors, sent, { events });
  for (const { record, meaning } of expected.stored) {
    if (meaning.kind !== 'dead-lettered') continue;
    const source = { partition: record.partition, offset: record.offset };
    eventDeadLetters.push({ ...deadLetterOf(record, meaning.code, eventDeadLetters.length), source });
  }
  const commands = commandRecords(expected);
  const live = arrivalsOf(commands, nowMs);
  const { replays, executed, replayedCommands, ...more } = perfectReplays(options.hasReplays === true, {
    expected,
    events,
    commands,
    deadLetters: eventDeadLetters.length,
    executions: live.length,
    endMs: nowMs + DAY_MS,
  });
  const arrivals = [...live, ...more.arrivals];
  const all = [...[...expected.commandsById.values()].map(({ command }) => command), ...executed];
  const observed: Observed = {
    workspaces: new Map(connectors.map(({ id }) => [id, workspaceOf(id, all)])),
    arrivals,
    attempts: arrivals.map(({ sequence: _sequence, atMs: _atMs, outcome: _outcome, ...attempt }) => attempt),
    topics: {
      events,
      commands,
      replayedCommands,
      eventDeadLetters: [...eventDeadLetters, ...more.deadLetters],
      commandDeadLetters: [],
    },
    lives: livesOf(expected, { events, commands, eventDeadLetters }, live),
    keysReused: 0,
    drained: { kind: 'drained' },
    readAgain: readAgainOf(commands, arrivals),
    replays,
    lostReplays: [],
  };
  return { ends, observed: observed as Mutable<Observed> };
}

function store(
  call: TrafficCall,
  sent: SentEvents,
  nowMs: number,
  events: EventRecord[],
  deadLetters: DeadLetter[],
): void {
  const { connectorId } = call;
  for (const { messageId, body } of call.events) {
    const sentAt = sent.of(connectorId, messageId).find((sending) => sending.call === call)?.sentAt;
    const receivedAt = new Date(nowMs).toISOString();
    const key = keyOfEvent(connectorId, body);
    const partition = partitionOf(key);
    const offset = BigInt(events.filter((record) => record.partition === partition).length);
    const timestamp = new Date(timeOf(body, sentAt, nowMs).correctedMs).toISOString();
    const value = stringifyJson({ ...body, timestamp, receivedAt, ...(sentAt === undefined ? {} : { sentAt }) });
    const record = { partition, offset, key, connectorId, messageId, receivedAt, value };
    const rejection = rejectionOf(body);
    if (rejection === undefined) events.push(record);
    else deadLetters.push({ ...deadLetterOf(record, rejection, deadLetters.length), source: undefined });
  }
}

function deadLetterOf(record: EventRecord, code: string, offset: number): Omit<DeadLetter, 'source'> {
  const { key, connectorId, messageId, receivedAt, value } = record;
  const none = { commandId: undefined, replayId: undefined };
  return {
    key,
    connectorId,
    messageId,
    receivedAt,
    value,
    ...none,
    partition: 0,
    offset: BigInt(offset),
    code,
    message: 'why',
  };
}

function commandRecords({ commands }: ExpectedRun): CommandRecord[] {
  const ends = Array<bigint>(PARTITIONS).fill(0n);
  return commands.map(({ command, key }) => {
    const partition = partitionOf(key);
    const offset = ends[partition] ?? 0n;
    ends[partition] = offset + 1n;
    const { commandId, connectorId, messageId, receivedAt } = command.record;
    const at = new Date(receivedAt).toISOString();
    return { partition, offset, key, connectorId, messageId, receivedAt: at, commandId, command };
  });
}

function arrivalsOf(records: readonly CommandRecord[], startMs: number): Arrival[] {
  const known = new Set<string>();
  return records.flatMap(({ commandId, command }): Arrival[] => {
    if (command === undefined || known.has(commandId)) return [];
    known.add(commandId);
    const sequence = known.size;
    return [{ ...attemptOf(command), sequence, atMs: startMs + sequence, outcome: 'applied' }];
  });
}

function workspaceOf(connectorId: string, all: readonly Command[]): Workspace {
  const commands = all.filter(({ record }) => record.connectorId === connectorId);
  const { users, accounts, members, events } = stateAfter(commands);
  const entities = (all: typeof users): Workspace['users'] =>
    new Map([...all].map(([id, properties]) => [id, { properties, occurredAt: '' }]));
  return { users: entities(users), accounts: entities(accounts), members, events };
}

function livesOf(
  expected: ExpectedRun,
  topics: Pick<Observed['topics'], 'events' | 'commands' | 'eventDeadLetters'>,
  arrivals: readonly Arrival[],
): ProcessLife[] {
  const rejected = topics.eventDeadLetters.filter(({ source }) => source === undefined).length;
  const ends = Object.entries(outcomesOf(expected)).map(([end, value]) => {
    const [outcome = '', reason = ''] = end.split(': ');
    return sample('mapper_events_total', { outcome, reason }, value);
  });
  const duplicates = topics.commands.length - arrivals.length;
  return [
    lifeOf('ingest', [
      sample('ingest_events_total', { verdict: 'accepted' }, topics.events.length),
      sample('ingest_events_total', { verdict: 'rejected' }, rejected),
    ]),
    lifeOf('mapper', [...ends, sample('mapper_commands_total', {}, topics.commands.length)]),
    lifeOf('dispatcher', [
      sample('dispatcher_commands_total', { outcome: 'delivered', reason: '' }, arrivals.length),
      sample('dispatcher_commands_total', { outcome: 'duplicate', reason: 'ledger' }, duplicates),
    ]),
  ];
}

/** All are known to the ledger, and none is called for. */
function readAgainOf(commands: readonly CommandRecord[], arrivals: readonly Arrival[]): ReadAgain {
  const known = sample('dispatcher_commands_total', { outcome: 'duplicate', reason: 'ledger' }, commands.length);
  const lives = [{ ...lifeOf('dispatcher', [known]), life: 2 }];
  return { afterSequence: arrivals.length, calls: [], lives, drained: { kind: 'drained' } };
}

function lifeOf(service: ProcessLife['service'], metrics: readonly MetricSample[]): ProcessLife {
  const usage = Array.from({ length: 200 }, (_, index) => ({
    atMs: index * 1_000,
    residentBytes: 120_000_000 + (index % 7) * 1_000_000,
    heapBytes: 40_000_000 + (index % 5) * 2_000_000,
    openDescriptors: 40 + (index % 3),
    activeHandles: 12,
  }));
  return { service, instance: `${service}-1`, life: 1, end: 'running', metrics, usage, errors: [] };
}

function sample(name: string, labels: Readonly<Record<string, string>>, value: number): MetricSample {
  return { name, labels, value };
}

function partitionOf(key: string): number {
  return Buffer.from(key).reduce((sum, byte) => sum + byte, 0) % PARTITIONS;
}
