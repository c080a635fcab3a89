/** A mapper that remembers users, and a reader of its commands. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readTopic, type PartitionWatermarks } from '@astrolabe/kafka';
import { startGroupConsumer, type PartitionProcessor } from '@astrolabe/processing';
import { headerNames, headerText, type ConsumedRecord } from '@astrolabe/records';
import { percentile, spawnService, type ServiceProcess } from '@astrolabe/testkit';
import type { BenchLab } from '../bench-lab.ts';
import type { Sample } from '../comparison.ts';
import { atPace } from '../neighbours/paced.ts';
import { readProcessUsage } from '../process-usage.ts';
import { fillUsers } from './fill.ts';
import {
  LIVE_PER_SECOND,
  QUIET_MS,
  Sender,
  createSideTopics,
  lookUntil,
  warmUpSeconds,
  type GrowthSide,
  type SideTopics,
} from './growth-side.ts';
import type { GrowthSizes } from './sizes.ts';
import { growthEvent, indexOf } from './traffic.ts';

const groupId = 'mapper';
/** About what one instance does in a second. */
const EVENTS_PER_SECOND = 50_000;
/** Longer than any run: commits of the reader would be work for the broker that is measured. */
const NEVER_MS = 3_600_000;
/** More than any connector has on a partition here: what is measured is the state, not its bound. */
const MAX_USERS = 10_000_000;
const mapperMain = new URL('../../../services/mapper/src/main.ts', import.meta.url);

export async function openMapperSide(lab: BenchLab, sizes: GrowthSizes): Promise<GrowthSide> {
  const topics = await createSideTopics(lab, groupId, sizes, (all) => [
    all.segmentEvents,
    all.segmentEventsDeadLetters,
    all.commands,
    all.mapperState,
  ]);
  await using cleanup = new AsyncDisposableStack();
  cleanup.use(topics.run);
  await fillUsers(topics.run, sizes);
  const side = new MapperSide(lab, sizes, topics);
  cleanup.move();
  return side;
}

class MapperSide implements GrowthSide {
  readonly #lab: BenchLab;
  readonly #topics: SideTopics;
  readonly #sender: Sender;
  readonly #commandTopic: string;

  constructor(lab: BenchLab, { partitions, connectors }: GrowthSizes, topics: SideTopics) {
    this.#lab = lab;
    this.#topics = topics;
    const { run } = topics;
    this.#commandTopic = run.topics.commands.name;
    this.#sender = new Sender(run, run.topics.segmentEvents.name, partitions, (index) =>
      growthEvent(index, connectors),
    );
  }

  async measure(seconds: number): Promise<Sample> {
    const coldMs = await this.#measureColdStart();
    const events = Math.round(EVENTS_PER_SECOND * (seconds + 2 * warmUpSeconds(seconds)));
    await this.#sender.fill(events);
    const before = await this.#watermarks();
    const startedAtMs = performance.now();
    const service = await this.#start();
    try {
      const warmMs = (await this.#untilAllMoved(before)) - startedAtMs;
      const throughput = await this.#measureThroughput(service, seconds, { events, before: total(before) });
      const latenciesMs = await this.#measureLatency(seconds);
      const { residentMb } = await readProcessUsage(service.pid);
      return {
        ...throughput,
        p50Ms: percentile(latenciesMs, 0.5),
        p99Ms: percentile(latenciesMs, 0.99),
        rssMb: residentMb,
        start: { coldMs, warmMs },
      };
    } finally {
      await service.stop();
    }
  }

  async verify(): Promise<void> {
    const { connection } = this.#lab;
    const readable = await readTopic({ connection, topic: this.#commandTopic }, () => undefined);
    const { sent } = this.#sender;
    if (readable !== sent) throw new Error(`${readable} commands of ${sent} events that stand for one each`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#topics.run[Symbol.asyncDispose]();
  }

  async #measureColdStart(): Promise<number> {
    await this.#sender.probe();
    const before = await this.#watermarks();
    const startedAtMs = performance.now();
    const service = await this.#start();
    try {
      return (await this.#untilAllMoved(before)) - startedAtMs;
    } finally {
      await service.stop();
    }
  }

  async #measureThroughput(
    service: ServiceProcess,
    seconds: number,
    { events, before }: { readonly events: number; readonly before: number },
  ): Promise<Pick<Sample, 'perSecond' | 'cpuUsPerUnit'>> {
    await sleep(warmUpSeconds(seconds) * 1_000);
    const first = total(await this.#watermarks());
    const firstAtMs = performance.now();
    const usageBefore = await readProcessUsage(service.pid);
    let last = first;
    let lastAtMs = firstAtMs;
    await lookUntil(
      'the mapper',
      async () => {
        const stored = total(await this.#watermarks());
        if (stored !== last) [last, lastAtMs] = [stored, performance.now()];
        return stored;
      },
      (stored) => stored - before >= events && performance.now() - lastAtMs > QUIET_MS,
      (stored) => stored,
    );
    const usageAfter = await readProcessUsage(service.pid);
    // Markers of transactions are in all these numbers.
    const measured = events * (1 - (first - before) / (last - before));
    if (measured < EVENTS_PER_SECOND / 10) throw new Error('the events were through before the measurement began');
    return {
      perSecond: measured / ((lastAtMs - firstAtMs) / 1_000),
      cpuUsPerUnit: ((usageAfter.cpuMs - usageBefore.cpuMs) * 1_000) / measured,
    };
  }

  async #measureLatency(seconds: number): Promise<number[]> {
    const { run } = this.#topics;
    const { admin, prefix } = run;
    const readerGroup = `${prefix}reader-${this.#sender.next}`;
    const ends = (await this.#watermarks()).map(({ partition, highWatermark }) => [partition, highWatermark] as const);
    await admin.setOffsets(readerGroup, this.#commandTopic, new Map(ends));
    const arrivals = new Arrivals();
    const reader = await startGroupConsumer({
      connection: this.#lab.connection,
      groupId: readerGroup,
      topic: this.#commandTopic,
      logger: this.#lab.logger,
      commitIntervalMs: NEVER_MS,
      onFault: (fault) => arrivals.fail(fault),
      createProcessor: () => arrivals,
    });
    try {
      return await this.#latenciesOf(arrivals, seconds);
    } finally {
      await reader.close(0);
      await admin.deleteGroups([readerGroup]).catch(() => undefined);
    }
  }

  async #latenciesOf(arrivals: Arrivals, seconds: number): Promise<number[]> {
    const warmUp = warmUpSeconds(seconds);
    const first = this.#sender.next;
    const dueAtMs: number[] = [];
    await atPace({
      perSecond: LIVE_PER_SECOND,
      seconds: warmUp + seconds,
      begin: async (_index, dueMs) => {
        dueAtMs.push(dueMs);
        await this.#sender.one();
      },
    });
    await lookUntil(
      'the reader of commands',
      async () => arrivals.count(),
      (count) => count >= dueAtMs.length,
      (count) => count,
    );
    const latencies = dueAtMs.map((dueMs, index) => arrivals.atMs(first + index) - dueMs);
    return latencies.slice(Math.floor(warmUp * LIVE_PER_SECOND));
  }

  #start(): Promise<ServiceProcess> {
    const { run, connectorsFile } = this.#topics;
    return spawnService({
      name: 'mapper',
      entry: mapperMain,
      env: {
        KAFKA_BROKERS: this.#lab.kafkaBrokers,
        SCHEMA_REGISTRY_URL: this.#lab.schemaRegistryUrl,
        CONNECTORS_FILE: connectorsFile,
        KAFKA_TOPIC_PREFIX: run.prefix,
        ADMIN_PORT: '0',
        MAPPER_GROUP_ID: groupId,
        MAPPER_MAX_USERS_PER_CONNECTOR: String(MAX_USERS),
      },
    });
  }

  /** When each partition of the command topic has moved, on the monotonic clock. */
  async #untilAllMoved(before: readonly PartitionWatermarks[]): Promise<number> {
    const known = new Map(before.map(({ partition, highWatermark }) => [partition, highWatermark]));
    const moved = (now: readonly PartitionWatermarks[]): number =>
      now.filter(({ partition, highWatermark }) => highWatermark > (known.get(partition) ?? 0n)).length;
    await lookUntil(
      'the mapper',
      () => this.#watermarks(),
      (now) => moved(now) === before.length,
      moved,
    );
    return performance.now();
  }

  #watermarks(): Promise<readonly PartitionWatermarks[]> {
    return this.#topics.run.admin.watermarks(this.#commandTopic);
  }
}

function total(watermarks: readonly PartitionWatermarks[]): number {
  return watermarks.reduce((sum, { highWatermark }) => sum + Number(highWatermark), 0);
}

/** When each command was read. All partitions share one. */
class Arrivals implements PartitionProcessor {
  readonly #atMs = new Map<number, number>();
  #fault: { readonly error: unknown } | undefined;

  count(): number {
    if (this.#fault !== undefined) throw this.#fault.error;
    return this.#atMs.size;
  }

  atMs(index: number): number {
    return this.#atMs.get(index) ?? Number.NaN;
  }

  fail(error: unknown): void {
    this.#fault = { error };
  }

  enqueue(records: readonly ConsumedRecord[]): void {
    const atMs = performance.now();
    for (const record of records) this.#atMs.set(indexOf(headerText(record, headerNames.messageId) ?? ''), atMs);
  }

  async idle(): Promise<void> {
    // Nothing is ever under way.
  }

  async stop(): Promise<void> {
    // The same.
  }
}
