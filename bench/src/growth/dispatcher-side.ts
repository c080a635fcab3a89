/** A dispatcher with deliveries in its ledger, beside an API that takes every command at once. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createCommandEncoder } from '@astrolabe/records/serde';
import { percentile, spawnService, type ServiceProcess } from '@astrolabe/testkit';
import type { BenchLab } from '../bench-lab.ts';
import type { Sample } from '../comparison.ts';
import type { Arrivals } from '../dispatcher/arrivals.ts';
import { atPace } from '../neighbours/paced.ts';
import { readProcessUsage } from '../process-usage.ts';
import { fillLedger } from './fill.ts';
import {
  LIVE_PER_SECOND,
  QUIET_MS,
  Sender,
  createSideTopics,
  epochMs,
  lookUntil,
  warmUpSeconds,
  type GrowthSide,
  type SideTopics,
} from './growth-side.ts';
import type { GrowthSizes } from './sizes.ts';
import { growthCommand } from './traffic.ts';

const groupId = 'dispatcher';
/** About what one instance does in a second. */
const COMMANDS_PER_SECOND = 24_000;
const stubMain = new URL('api-stub.ts', import.meta.url);
const dispatcherMain = new URL('../../../services/dispatcher/src/main.ts', import.meta.url);

export async function openDispatcherSide(lab: BenchLab, sizes: GrowthSizes): Promise<GrowthSide> {
  await using cleanup = new AsyncDisposableStack();
  const topics = await createSideTopics(lab, groupId, sizes, ({ commands, commandsDeadLetters, deliveries }) => [
    commands,
    commandsDeadLetters,
    deliveries,
  ]);
  cleanup.use(topics.run);
  await fillLedger(topics.run, sizes);
  const stub = await spawnService({ name: 'API stub', entry: stubMain, env: {} });
  cleanup.defer(() => stub.stop());
  const side = new DispatcherSide(lab, sizes, topics, stub, cleanup.move());
  return side;
}

class DispatcherSide implements GrowthSide {
  readonly #lab: BenchLab;
  readonly #topics: SideTopics;
  readonly #stub: ServiceProcess;
  readonly #owned: AsyncDisposable;
  readonly #sender: Sender;
  #round = 0;

  constructor(lab: BenchLab, sizes: GrowthSizes, topics: SideTopics, stub: ServiceProcess, owned: AsyncDisposable) {
    this.#lab = lab;
    this.#topics = topics;
    this.#stub = stub;
    this.#owned = owned;
    const { run } = topics;
    const encoder = createCommandEncoder(run.schemaIds);
    this.#sender = new Sender(run, run.topics.commands.name, sizes.partitions, (index) =>
      growthCommand(index, sizes.connectors, encoder),
    );
  }

  async measure(seconds: number): Promise<Sample> {
    this.#round += 1;
    const coldStartMs = await this.#measureColdStart();
    const firsts = await this.#sender.fill(Math.round(COMMANDS_PER_SECOND * (seconds + 2 * warmUpSeconds(seconds))));
    const startedAtMs = epochMs();
    const service = await this.#start();
    try {
      const warmStartMs = (await this.#lastArrivalOf(firsts)) - startedAtMs;
      const throughput = await this.#measureThroughput(service, seconds);
      const latenciesMs = await this.#measureLatency(seconds);
      const { residentMb } = await readProcessUsage(service.pid);
      return {
        ...throughput,
        p50Ms: percentile(latenciesMs, 0.5),
        p99Ms: percentile(latenciesMs, 0.99),
        rssMb: residentMb,
        start: { coldMs: coldStartMs, warmMs: warmStartMs },
      };
    } finally {
      await service.stop();
    }
  }

  /** Each command once, and in the order of its user. */
  async verify(): Promise<void> {
    await sleep(QUIET_MS);
    const { commands, distinct, overtaken } = await this.#arrivals();
    const { sent } = this.#sender;
    if (commands === sent && distinct === sent && overtaken === 0) return;
    throw new Error(`${commands} calls for ${distinct} of ${sent} commands, ${overtaken} of them out of order`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }

  /** Without a local copy: all of the ledger is read from its topic. */
  async #measureColdStart(): Promise<number> {
    const probes = await this.#sender.probe();
    const startedAtMs = epochMs();
    const service = await this.#start();
    try {
      return (await this.#lastArrivalOf(probes)) - startedAtMs;
    } finally {
      await service.stop();
    }
  }

  async #measureThroughput(
    service: ServiceProcess,
    seconds: number,
  ): Promise<Pick<Sample, 'perSecond' | 'cpuUsPerUnit'>> {
    await sleep(warmUpSeconds(seconds) * 1_000);
    const first = await this.#arrivals();
    const before = await readProcessUsage(service.pid);
    const last = await this.#untilAllArrived();
    const after = await readProcessUsage(service.pid);
    const measured = last.commands - first.commands;
    if (measured < COMMANDS_PER_SECOND / 10) throw new Error('the commands were through before the measurement began');
    return {
      perSecond: measured / ((last.lastAtMs - first.nowMs) / 1_000),
      cpuUsPerUnit: ((after.cpuMs - before.cpuMs) * 1_000) / measured,
    };
  }

  async #measureLatency(seconds: number): Promise<number[]> {
    const warmUp = warmUpSeconds(seconds);
    const first = this.#sender.next;
    const dueAtMs: number[] = [];
    await atPace({
      perSecond: LIVE_PER_SECOND,
      seconds: warmUp + seconds,
      begin: async (_index, dueMs) => {
        dueAtMs.push(epochMs(dueMs));
        await this.#sender.one();
      },
    });
    await this.#untilAllArrived();
    const times = await this.#timesOf(first, this.#sender.next);
    const latencies = dueAtMs.map((dueMs, index) => (times[index] ?? Number.NaN) - dueMs);
    return latencies.slice(Math.floor(warmUp * LIVE_PER_SECOND));
  }

  #start(): Promise<ServiceProcess> {
    const { run, connectorsFile } = this.#topics;
    return spawnService({
      name: 'dispatcher',
      entry: dispatcherMain,
      env: {
        KAFKA_BROKERS: this.#lab.kafkaBrokers,
        SCHEMA_REGISTRY_URL: this.#lab.schemaRegistryUrl,
        CONNECTORS_FILE: connectorsFile,
        KAFKA_TOPIC_PREFIX: run.prefix,
        ADMIN_PORT: '0',
        DISPATCHER_GROUP_ID: groupId,
        DISPATCHER_API_URL: this.#stub.url,
        DISPATCHER_LEDGER_DIRECTORY: join(this.#lab.folder, `${run.prefix}${this.#round}`),
      },
    });
  }

  /** When the last of them came, epoch milliseconds. */
  async #lastArrivalOf(indexes: readonly number[]): Promise<number> {
    const [first, end] = [Math.min(...indexes), Math.max(...indexes) + 1];
    const looked = await lookUntil(
      'the dispatcher',
      async () => {
        const times = await this.#timesOf(first, end);
        return indexes.map((index) => times[index - first] ?? undefined);
      },
      (times) => times.every((each) => each !== undefined),
      (times) => times.filter((each) => each !== undefined).length,
    );
    return Math.max(...looked.map((each) => each ?? Number.NaN));
  }

  #untilAllArrived(): Promise<Arrivals> {
    const { sent } = this.#sender;
    return lookUntil(
      'the dispatcher',
      () => this.#arrivals(),
      ({ distinct }) => distinct >= sent,
      ({ commands }) => commands,
    );
  }

  async #arrivals(): Promise<Arrivals> {
    return (await fetch(`${this.#stub.url}/arrivals`)).json() as Promise<Arrivals>;
  }

  /** The last index excluded. */
  async #timesOf(first: number, end: number): Promise<readonly (number | null)[]> {
    return (await fetch(`${this.#stub.url}/times?${first}-${end}`)).json() as Promise<(number | null)[]>;
  }
}
