/**
 * How long a quiet connector's commands take to reach the API, without and with a flood of another connector on their
 * partition: from the moment a command is due on the topic until its call arrives.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCommandEncoder } from '@astrolabe/records/serde';
import { spawnService } from '@astrolabe/testkit';
import type { BenchLab } from '../bench-lab.ts';
import type { Sample } from '../comparison.ts';
import { readProcessUsage } from '../process-usage.ts';
import { createRunTopics } from '../run-topics.ts';
import { percentile } from '@astrolabe/testkit';
import { QUIET_USER_PREFIX, commandIdOf, toRecord } from './flood-records.ts';
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
const ARRIVAL_TIMEOUT_MS = 120_000;
const POLL_MS = 50;
const groupId = 'dispatcher';
const apiMain = new URL('neighbour-api.ts', import.meta.url);
const dispatcherMain = new URL('../../../services/dispatcher/src/main.ts', import.meta.url);

/** Rejects when a command of the quiet connector does not come within two minutes. */
export async function measureFlood({ users }: Flood, lab: BenchLab, seconds: number): Promise<Sample> {
  await using cleanup = new AsyncDisposableStack();
  const run = cleanup.use(
    await createRunTopics(lab, [groupId], ({ commands, commandsDeadLetters, deliveries }) => [
      commands,
      commandsDeadLetters,
      deliveries,
    ]),
  );
  const topic = run.topics.commands.name;
  const encoder = createCommandEncoder(run.schemaIds);
  const api = await spawnService({ name: 'API stub', entry: apiMain, env: { API_DELAY_MS: String(API_DELAY_MS) } });
  cleanup.defer(() => api.stop());
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
  const dueAtMs = new Map<string, number>();
  const quietFor = (each: number): Promise<void> =>
    atPace({
      perSecond: QUIET_PER_SECOND,
      seconds: each,
      begin: async (_index, dueMs) => {
        next += 1;
        dueAtMs.set(commandIdOf(quietConnector, next), performance.timeOrigin + dueMs);
        await run.producer.send(topic, [toRecord(next, quietConnector, `${QUIET_USER_PREFIX}${next % 5}`, encoder)]);
      },
    });

  await quietFor(WARM_UP_SECONDS);
  await callsOf(dueAtMs, api.url);
  dueAtMs.clear();
  const commands = users === 0 ? 0 : FLOOD_COMMANDS;
  for (let start = 0; start < commands; start += FLOOD_BATCH) {
    const records = Array.from({ length: Math.min(FLOOD_BATCH, commands - start) }, (_, index) => {
      const number = start + index;
      return toRecord(number, floodingConnector, `user-${number % users}`, encoder);
    });
    await run.producer.send(topic, records);
  }
  const before = await readProcessUsage(service.pid);
  const startedAtMs = performance.now();
  await quietFor(seconds);
  const elapsedMs = performance.now() - startedAtMs;
  const calledAtMs = await callsOf(dueAtMs, api.url);
  const latenciesMs = [...dueAtMs].map(([id, dueMs]) => (calledAtMs[id] ?? Number.NaN) - dueMs);
  const after = await readProcessUsage(service.pid);
  return {
    perSecond: latenciesMs.length / (elapsedMs / 1_000),
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    rssMb: after.residentMb,
    cpuUsPerUnit: ((after.cpuMs - before.cpuMs) * 1_000) / latenciesMs.length,
  };
}

/** When each of the commands was called for. Rejects when one is not, for two minutes. */
async function callsOf(commands: ReadonlyMap<string, number>, apiUrl: string): Promise<Record<string, number>> {
  const untilMs = performance.now() + ARRIVAL_TIMEOUT_MS;
  for (;;) {
    const calls = (await (await fetch(`${apiUrl}/calls`)).json()) as Record<string, number>;
    const missing = [...commands.keys()].filter((id) => calls[id] === undefined).length;
    if (missing === 0) return calls;
    if (performance.now() > untilMs) throw new Error(`${missing} commands of ${quietConnector} did not reach the API`);
    await sleep(POLL_MS);
  }
}
