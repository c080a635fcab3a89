/**
 * How many events a second ingest takes, and how long a sender waits for the acknowledgement, beside the least that
 * would do the same (`baselines/minimal-ingest.ts`). Both are processes of their own on one broker, with topics of as
 * many partitions, measured in turn within each round.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafkaAdmin, type KafkaAdmin } from '@astrolabe/kafka';
import { topicsFor, type TopicDefinition } from '@astrolabe/records';
import { spawnService, uniqueName, type ServiceProcess } from '@astrolabe/testkit';
import { createBenchConnector, openLab } from '../bench-lab.ts';
import type { BenchOptions } from '../bench-options.ts';
import { compareInTurns, type SideName } from '../compare-in-turns.ts';
import type { ComparedCase, Sample } from '../comparison.ts';
import { runLoad } from '../load/run-load.ts';
import { readProcessUsage } from '../process-usage.ts';
import { percentile } from '@astrolabe/testkit';

interface LoadCase {
  readonly name: string;
  readonly path: string;
  readonly connections: number;
  readonly eventsPerRequest: number;
  readonly isBatch: boolean;
}

const cases: readonly LoadCase[] = [
  { name: 'batch-100', path: '/v1/batch', connections: 16, eventsPerRequest: 100, isBatch: true },
  { name: 'single', path: '/v1/track', connections: 64, eventsPerRequest: 1, isBatch: false },
];

/** One of the two that are compared, and what it has acknowledged since it started. */
interface Side {
  readonly name: SideName;
  readonly service: ServiceProcess;
  readonly topic: TopicDefinition;
  acknowledgedEvents: number;
}

const ingestMain = new URL('../../../services/ingest/src/main.ts', import.meta.url);
const baselineMain = new URL('../baselines/minimal-ingest.ts', import.meta.url);
/** Long enough for V8 to have compiled what is hot, and for the broker's to have done the same. */
const WARM_UP_SECONDS = 3;
/** Between measurements, so that one does not pay for the other's flush to disk. */
const PAUSE_MS = 500;

/** Rejects when a request is not answered with 200, or when a topic does not hold what was acknowledged. */
export async function runIngestBench(options: BenchOptions): Promise<ComparedCase[]> {
  const connector = createBenchConnector();
  const { apiKey: writeKey } = connector;
  await using cleanup = new AsyncDisposableStack();
  const lab = cleanup.use(await openLab(options, [connector]));
  const { kafkaBrokers: KAFKA_BROKERS, connectorsFile: CONNECTORS_FILE, say } = lab;
  const admin = await createKafkaAdmin(lab.connection);
  cleanup.defer(() => admin.close());

  const prefix = `${uniqueName('bench')}.`;
  const topics = topicsFor(prefix);
  const baselineTopic = { ...topics.segmentEvents, name: `${prefix}minimal` };
  const created = [topics.segmentEvents, topics.segmentEventsDeadLetters, baselineTopic];
  await admin.applyTopics(await admin.planTopics(created, 1));
  // Somebody else's broker must not be left with our topics.
  cleanup.defer(() => admin.deleteTopics(created.map(({ name }) => name)));

  const start = async (name: Side['name'], entry: URL, topic: TopicDefinition, variables: Record<string, string>) => {
    const service = await spawnService({ name, entry, env: { KAFKA_BROKERS, ...variables } });
    cleanup.defer(() => service.stop());
    return { name, service, topic, acknowledgedEvents: 0 };
  };
  const ours = await start('ours', ingestMain, topics.segmentEvents, {
    KAFKA_TOPIC_PREFIX: prefix,
    CONNECTORS_FILE,
    INGEST_PORT: '0',
    INGEST_DRAIN_MS: '0',
    ADMIN_PORT: '0',
    ...lab.tracing,
  });
  const baseline = await start('baseline', baselineMain, baselineTopic, { TOPIC: baselineTopic.name });

  const results: ComparedCase[] = [];
  for (const each of cases) results.push(await compare(each, ours, baseline, writeKey, options));
  for (const side of [ours, baseline]) await verifyStored(admin, side, say);
  return results;
}

async function compare(
  loadCase: LoadCase,
  ours: Side,
  baseline: Side,
  writeKey: string,
  { rounds, seconds, say }: BenchOptions,
): Promise<ComparedCase> {
  const sides = { ours, baseline };
  for (const side of [ours, baseline]) await measure(loadCase, side, writeKey, WARM_UP_SECONDS);
  return compareInTurns({
    name: loadCase.name,
    unit: 'events/s',
    rounds,
    say,
    measure: async (name) => {
      await sleep(PAUSE_MS);
      return measure(loadCase, sides[name], writeKey, seconds);
    },
  });
}

async function measure(loadCase: LoadCase, side: Side, writeKey: string, seconds: number): Promise<Sample> {
  const { path, connections, eventsPerRequest, isBatch } = loadCase;
  const { pid, url } = side.service;
  const before = await readProcessUsage(pid);
  const load = await runLoad({
    url,
    path,
    writeKey,
    connections,
    eventsPerRequest,
    isBatch,
    seconds,
    firstId: side.acknowledgedEvents,
  });
  side.acknowledgedEvents += load.events;
  const after = await readProcessUsage(pid);
  return {
    perSecond: load.events / (load.elapsedMs / 1000),
    p50Ms: percentile(load.latenciesMs, 0.5),
    p99Ms: percentile(load.latenciesMs, 0.99),
    rssMb: after.residentMb,
    cpuUsPerUnit: ((after.cpuMs - before.cpuMs) * 1000) / load.events,
  };
}

/**
 * The topic is new, so that it must hold exactly the events that were answered with 200. The baseline's producer may
 * store one twice when it has to try again.
 */
async function verifyStored(admin: KafkaAdmin, side: Side, say: (line: string) => void): Promise<void> {
  const { name, topic, acknowledgedEvents } = side;
  const watermarks = await admin.watermarks(topic.name);
  const stored = watermarks.reduce((sum, { lowWatermark, highWatermark }) => sum + highWatermark - lowWatermark, 0n);
  say(`${name}: ${acknowledgedEvents} events acknowledged, ${stored} on its topic`);
  const surplus = stored - BigInt(acknowledgedEvents);
  if (surplus < 0n || (name === 'ours' && surplus > 0n)) {
    throw new Error(`${name} acknowledged ${acknowledgedEvents} events, but its topic holds ${stored}`);
  }
}
