/** `astrolabe replay` as a process of its own beside the running services, and what a test looks at then. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createRecordProducer, openTransactionalProducer, readTopic } from '@astrolabe/kafka';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { DEFAULT_PARTITIONS, headerText, partitionFor, toHeaders, type ConsumedRecord } from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import { eventually, machineEnvironment } from '@astrolabe/testkit';

export interface ReplayReport {
  readonly replayId: string;
  readonly phase: string;
  readonly read: number;
  readonly replayedBefore: number;
  readonly filteredOut: number;
  readonly unreadable: number;
  readonly expired: number;
  readonly matched: number;
  readonly events?: { readonly mapped: number; readonly skipped: number; readonly deadLettered: number };
  readonly commands?: number;
  readonly skippedByLedger: number;
  readonly delivered: number;
  readonly duplicate: number;
  readonly deadLettered: number;
  readonly cancelled: number;
  readonly lost?: number;
  readonly pending: number;
  readonly unread: number;
}

export interface ReplayStatus {
  readonly phase: string;
  readonly report: ReplayReport;
}

export interface ReplayProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

/** What of a pipeline the program is told, and a test reads. */
export interface ReplayPlace extends Pick<Pipeline, 'kafka' | 'topics'> {
  readonly addresses: Pick<Pipeline['addresses'], 'kafka' | 'schemaRegistry'>;
}

const cli = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
export const MINUTE_MS = 60_000;

export function startReplay({ addresses, topics }: ReplayPlace, ...args: string[]): ReplayProcess {
  const prefix = topics.commands.name.slice(0, -'astrolabe.commands.v1'.length);
  const child = spawn(process.execPath, [cli, 'replay', ...args], {
    env: {
      ...machineEnvironment(),
      KAFKA_BROKERS: addresses.kafka,
      SCHEMA_REGISTRY_URL: addresses.schemaRegistry,
      KAFKA_TOPIC_PREFIX: prefix,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, stdout, stderr }));
  return { child, ended };
}

/** Runs one to its end, which must be a good one. */
export async function replay<Report = ReplayReport>(pipeline: ReplayPlace, ...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await startReplay(pipeline, ...args, '--json').ended;
  assert.equal(code, 0, `${stdout}${stderr}`);
  return JSON.parse(stdout) as Report;
}

/** Asks again and again until the replay is as wanted. */
export async function untilStatus(
  pipeline: ReplayPlace,
  id: string,
  isWanted: (status: ReplayStatus) => boolean,
): Promise<ReplayStatus> {
  return eventually(
    async () => {
      const status = await replay<ReplayStatus>(pipeline, 'status', id);
      return isWanted(status) ? status : undefined;
    },
    { timeoutMs: MINUTE_MS, describe: `replay ${id} to be as wanted`, intervalMs: 200 },
  );
}

/**
 * What was read is what was left out and what matched, and all that matched and was made of it has ended or is pending.
 */
export function assertBalanced(report: ReplayReport): void {
  const { read, replayedBefore, filteredOut, unreadable, expired, matched, events, commands, pending } = report;
  const { skippedByLedger, delivered, duplicate, deadLettered, cancelled, lost = 0 } = report;
  assert.equal(read, replayedBefore + filteredOut + unreadable + expired + matched, JSON.stringify(report));
  const sources = events === undefined ? 0 : events.mapped + events.skipped + events.deadLettered;
  const ended = sources + skippedByLedger + delivered + duplicate + deadLettered + cancelled + lost;
  assert.equal(matched + (commands ?? 0), ended + pending, JSON.stringify(report));
}

export async function recordsOn({ kafka }: ReplayPlace, topic: string): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await readTopic({ connection: kafka, topic }, (record) => records.push(record));
  return records;
}

type SentEvent = Readonly<Record<string, unknown>>;

/** Stores events as ingest does; each says what it has beside what all have. */
export async function sendEvents(pipeline: Pipeline, events: readonly SentEvent[]): Promise<void> {
  const logger = createLogger({ name: 'replay-test', level: 'silent' });
  const producer = await createRecordProducer({ connection: pipeline.kafka, logger });
  try {
    await producer.send(pipeline.topics.segmentEvents.name, toRecords(pipeline, events));
  } finally {
    await producer.close();
  }
}

/** As a redrive does: a marker on each partition follows them. */
export async function sendInTransaction(pipeline: Pipeline, events: readonly SentEvent[]): Promise<void> {
  const topic = pipeline.topics.segmentEvents.name;
  const producer = await openTransactionalProducer({ connection: pipeline.kafka, transactionalId: `${topic}.test` });
  try {
    const { kind } = await producer.commit([{ topic, records: toRecords(pipeline, events) }]);
    assert.equal(kind, 'committed');
  } finally {
    await producer.close();
  }
}

export function toRecords({ connector }: Pipeline, events: readonly SentEvent[]) {
  return events.map((event) => {
    const at = new Date().toISOString();
    const full = { originalTimestamp: at, timestamp: at, receivedAt: at, ...event };
    const key = Buffer.from(JSON.stringify([connector.id, 'user', event['userId']]));
    return {
      key,
      value: Buffer.from(JSON.stringify(full)),
      headers: toHeaders({
        'connector-id': connector.id,
        'message-id': String(event['messageId']),
        'received-at': at,
      }),
      partition: partitionFor(key, DEFAULT_PARTITIONS),
    };
  });
}

export const tracks = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    type: 'track',
    event: name,
    userId: `u${index % 23}`,
    messageId: `${name}-${index}`,
  }));

export async function untilCommands(pipeline: ReplayPlace, count: number): Promise<ConsumedRecord[]> {
  return eventually(
    async () => {
      const records = await recordsOn(pipeline, pipeline.topics.commands.name);
      return records.length >= count ? records : undefined;
    },
    { timeoutMs: MINUTE_MS, describe: `${count} commands`, intervalMs: 200 },
  );
}

/** How many commands a replay of events has made of each event, by where that is. */
export async function madeBySource(pipeline: ReplayPlace, replayId: string): Promise<Map<string, number>> {
  const made = new Map<string, number>();
  for (const record of await recordsOn(pipeline, pipeline.topics.replayedCommands.name)) {
    if (headerText(record, 'replay-id') !== replayId) continue;
    const from = headerText(record, 'replay-from') ?? '';
    made.set(from, (made.get(from) ?? 0) + 1);
  }
  return made;
}

/** Where the records are, as a replay names them. */
export function placesOf(records: readonly ConsumedRecord[]): string[] {
  return records.map(({ topic, partition, offset }) => `${topic}:${partition}:${offset}`);
}
