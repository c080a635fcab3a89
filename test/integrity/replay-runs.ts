/** `astrolabe replay` as a process of its own beside the running services, and what a test looks at then. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createRecordProducer, readTopic } from '@astrolabe/kafka';
import type { Pipeline } from '@astrolabe/local-pipeline';
import { headerText, toHeaders, type ConsumedRecord } from '@astrolabe/records';
import { createLogger } from '@astrolabe/service-kit';
import { eventually, machineEnvironment } from '@astrolabe/testkit';

export interface ReplayReport {
  readonly replayId: string;
  readonly read: number;
  readonly replayedBefore: number;
  readonly filteredOut: number;
  readonly matched: number;
  readonly events?: { readonly mapped: number; readonly skipped: number; readonly deadLettered: number };
  readonly commands?: number;
  readonly skippedByLedger: number;
  readonly delivered: number;
  readonly duplicate: number;
  readonly deadLettered: number;
  readonly pending: number;
  readonly stopped?: { readonly reason: string; readonly resume: string };
}

export interface ReplayProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
}

const cli = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
export const MINUTE_MS = 60_000;

export function startReplay({ addresses, topics }: Pipeline, ...args: string[]): ReplayProcess {
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
export async function replay<Report = ReplayReport>(pipeline: Pipeline, ...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await startReplay(pipeline, ...args, '--json').ended;
  assert.equal(code, 0, `${stdout}${stderr}`);
  return JSON.parse(stdout) as Report;
}

/** Of a line as `astrolabe` prints it to go on. */
export function argumentsOf(resume: string): string[] {
  const [program, verb, ...args] = resume.split(' ');
  assert.deepEqual([program, verb], ['astrolabe', 'replay']);
  return args;
}

/**
 * What was read is what was left out and what matched, and all that matched and was made of it has ended or is pending.
 */
export function assertBalanced(report: ReplayReport): void {
  const { read, replayedBefore, filteredOut, matched, events, commands, pending } = report;
  const { skippedByLedger, delivered, duplicate, deadLettered } = report;
  assert.equal(read, replayedBefore + filteredOut + matched, JSON.stringify(report));
  const sources = events === undefined ? 0 : events.mapped + events.skipped + events.deadLettered;
  const ended = sources + skippedByLedger + delivered + duplicate + deadLettered;
  assert.equal(matched + (commands ?? 0), ended + pending, JSON.stringify(report));
}

export async function recordsOn({ kafka }: Pipeline, topic: string): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await readTopic({ connection: kafka, topic }, (record) => records.push(record));
  return records;
}

/** Stores events as ingest does; each says what it has beside what all have. */
export async function sendEvents(
  pipeline: Pipeline,
  events: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  const logger = createLogger({ name: 'replay-test', level: 'silent' });
  const producer = await createRecordProducer({ connection: pipeline.kafka, logger });
  const { id: connectorId } = pipeline.connector;
  try {
    await producer.send(
      pipeline.topics.segmentEvents.name,
      events.map((event) => {
        const at = new Date().toISOString();
        const full = { originalTimestamp: at, timestamp: at, receivedAt: at, ...event };
        return {
          key: Buffer.from(JSON.stringify([connectorId, 'user', event['userId']])),
          value: Buffer.from(JSON.stringify(full)),
          headers: toHeaders({
            'connector-id': connectorId,
            'message-id': String(event['messageId']),
            'received-at': at,
          }),
        };
      }),
    );
  } finally {
    await producer.close();
  }
}

export const tracks = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    type: 'track',
    event: name,
    userId: `u${index % 23}`,
    messageId: `${name}-${index}`,
  }));

export async function untilCommands(pipeline: Pipeline, count: number): Promise<ConsumedRecord[]> {
  return eventually(
    async () => {
      const records = await recordsOn(pipeline, pipeline.topics.commands.name);
      return records.length >= count ? records : undefined;
    },
    { timeoutMs: MINUTE_MS, describe: `${count} commands`, intervalMs: 200 },
  );
}

/** How often a replay has sent each record, by where it was. */
export function copiesBySource(records: readonly ConsumedRecord[], replayId: string): Map<string, number> {
  const copies = new Map<string, number>();
  for (const record of records) {
    if (headerText(record, 'replay-id') !== replayId) continue;
    const from = headerText(record, 'replay-from') ?? '';
    copies.set(from, (copies.get(from) ?? 0) + 1);
  }
  return copies;
}
