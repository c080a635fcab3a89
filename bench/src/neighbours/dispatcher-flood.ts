/**
 * How long a quiet connector's commands take to reach the API, without and with a flood of another connector on their
 * partition: from the moment a command is due on the topic until its call arrives.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createCommandEncoder,
  headerNames,
  toHeaders,
  type CommandEncoder,
  type OutgoingRecord,
} from '@astrolabe/kafka';
import { partitionKey } from '@astrolabe/segment';
import { spawnService } from '@astrolabe/testkit';
import type { BenchLab } from '../bench-lab.ts';
import type { Sample } from '../comparison.ts';
import { readProcessUsage } from '../process-usage.ts';
import { createRunTopics } from '../run-topics.ts';
import { percentile } from '../statistics.ts';
import { startNeighbourApi } from './neighbour-api.ts';
import { atPace } from './paced.ts';

/** Users of the connector that floods; 0: it does not. */
export interface Flood {
  readonly users: number;
}

export const quietConnector = 'quiet';
export const floodingConnector = 'flooding';

const FLOOD_COMMANDS = 40_000;
/** About what the mapper writes together. */
const FLOOD_BATCH = 500;
const QUIET_PER_SECOND = 20;
const WARM_UP_SECONDS = 3;
const API_DELAY_MS = 3;
const PATIENCE_MS = 120_000;
const PARTITION = 0;
const EPOCH_MS = Date.parse('2026-03-01T12:00:00.000Z');
const groupId = 'dispatcher';
const dispatcherMain = new URL('../../../services/dispatcher/src/main.ts', import.meta.url);

/** Rejects when a command of the quiet connector does not come within two minutes. */
export async function measureFlood({ users }: Flood, lab: BenchLab, seconds: number): Promise<Sample> {
  await using cleanup = new AsyncDisposableStack();
  const run = cleanup.use(
    await createRunTopics(lab, groupId, ({ commands, commandsDeadLetters, deliveries }) => [
      commands,
      commandsDeadLetters,
      deliveries,
    ]),
  );
  const topic = run.topics.commands.name;
  const encoder = createCommandEncoder(run.schemaIds);
  const api = cleanup.use(await startNeighbourApi(API_DELAY_MS));
  const service = await spawnService({
    name: 'dispatcher',
    entry: dispatcherMain,
    env: {
      KAFKA_BROKERS: lab.kafkaBrokers,
      SCHEMA_REGISTRY_URL: lab.schemaRegistryUrl,
      CONNECTORS_FILE: lab.connectorsFile,
      KAFKA_TOPIC_PREFIX: run.prefix,
      ADMIN_PORT: '0',
      DISPATCHER_GROUP_ID: groupId,
      DISPATCHER_API_URL: api.url,
      DISPATCHER_LEDGER_DIRECTORY: join(lab.folder, run.prefix),
    },
  });
  cleanup.defer(() => service.stop());

  let next = 0;
  const latenciesMs: number[] = [];
  const sendQuiet = async (dueAtMs: number): Promise<void> => {
    const commandId = commandIdOf('a', (next += 1));
    const arrival = api.called(commandId);
    const late = sleep(PATIENCE_MS, undefined, { ref: false }).then(() => {
      throw new Error(`a command of ${quietConnector} did not reach the API within ${PATIENCE_MS} ms`);
    });
    await run.producer.send(topic, [toRecord(commandId, quietConnector, `user-${next % 5}`, encoder)]);
    latenciesMs.push((await Promise.race([arrival, late])) - dueAtMs);
  };
  const quietFor = (each: number): Promise<void> =>
    atPace({ perSecond: QUIET_PER_SECOND, seconds: each, begin: (_index, dueAtMs) => sendQuiet(dueAtMs) });

  await quietFor(WARM_UP_SECONDS);
  latenciesMs.length = 0;
  const commands = users === 0 ? 0 : FLOOD_COMMANDS;
  for (let start = 0; start < commands; start += FLOOD_BATCH) {
    const records = Array.from({ length: Math.min(FLOOD_BATCH, commands - start) }, (_, index) => {
      const number = start + index;
      return toRecord(commandIdOf('b', number), floodingConnector, `user-${number % users}`, encoder);
    });
    await run.producer.send(topic, records);
  }
  const before = await readProcessUsage(service.pid);
  const startedAtMs = performance.now();
  await quietFor(seconds);
  const elapsedMs = performance.now() - startedAtMs;
  const after = await readProcessUsage(service.pid);
  return {
    perSecond: latenciesMs.length / (elapsedMs / 1_000),
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    rssMb: after.residentMb,
    cpuUsPerUnit: ((after.cpuMs - before.cpuMs) * 1_000) / latenciesMs.length,
  };
}

function commandIdOf(sender: 'a' | 'b', number: number): string {
  return sender + number.toString(16).padStart(31, '0');
}

function toRecord(commandId: string, connectorId: string, userId: string, encoder: CommandEncoder): OutgoingRecord {
  const messageId = `node-next-1772366400000-${commandId}`;
  const properties = { email: `${userId}@company.example`, firstName: 'Ann', plan: 'enterprise' };
  const times = { occurredAt: EPOCH_MS, receivedAt: EPOCH_MS + 250 };
  const value = encoder.encode({
    kind: 'UpsertUser',
    record: { commandId, connectorId, messageId, ...times, userId, properties },
  });
  const headers = toHeaders({
    [headerNames.connectorId]: connectorId,
    [headerNames.messageId]: messageId,
    [headerNames.receivedAt]: new Date(times.receivedAt).toISOString(),
    [headerNames.commandId]: commandId,
  });
  const key = partitionKey(connectorId, { userId, anonymousId: undefined });
  if (key === undefined) throw new Error('a user without a partition key');
  return { key: Buffer.from(key), value, headers, partition: PARTITION };
}
