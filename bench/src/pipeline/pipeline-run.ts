/** One of the two that are compared: three services as processes on topics of their own, and an API stub. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnService, type ServiceProcess } from '@astrolabe/testkit';
import type { BenchLab } from '../bench-lab.ts';
import type { SideName } from '../compare-in-turns.ts';
import { createRunTopics, type RunTopics } from '../run-topics.ts';
import type { Progress, TimesCome } from './arrival-log.ts';
import { monotonicMs } from '../event-load/monotonic.ts';
import type { Pids } from './process-meter.ts';

export interface PipelineRun extends AsyncDisposable {
  readonly side: SideName;
  readonly topics: RunTopics;
  readonly ingestUrl: string;
  /** Where the services tell their metrics; the baselines do not. */
  readonly adminUrls: readonly string[];
  readonly pids: Pids;
  progress(): Promise<Progress>;
  /** When the API acknowledged each of `count` events from `first` on, as `monotonicMs` tells it; null: it did not. */
  times(first: number, count: number): Promise<readonly (number | null)[]>;
  timesCome(first: number, count: number): Promise<TimesCome>;
}

export interface PipelineRunOptions {
  readonly side: SideName;
  /** Whether the dispatcher calls for many commands at once. */
  readonly isBulk: boolean;
  /** Event `index` is of user `index % users`. */
  readonly users: number;
}

/** Without the prefix of the topics. */
export const groups = { mapper: 'mapper', dispatcher: 'dispatcher' } as const;
const POLL_MS = 100;
/** Nothing new for so long with something missing: it is lost, or the side hangs. */
const STALL_MS = 30_000;
/** For what may still be called for although everything has been: a repetition shows. */
const QUIET_MS = 500;

const mains = {
  ingest: new URL('../../../services/ingest/src/main.ts', import.meta.url),
  mapper: new URL('../../../services/mapper/src/main.ts', import.meta.url),
  dispatcher: new URL('../../../services/dispatcher/src/main.ts', import.meta.url),
} as const;
const baselines = {
  ingest: new URL('../baselines/minimal-ingest.ts', import.meta.url),
  mapper: new URL('../baselines/minimal-mapper.ts', import.meta.url),
  dispatcher: new URL('../baselines/bare-dispatcher.ts', import.meta.url),
  bulkDispatcher: new URL('../baselines/bare-bulk-dispatcher.ts', import.meta.url),
} as const;
const stubMain = new URL('api-stub.ts', import.meta.url);

/** Resolves once all of it serves. Disposed of, processes, topics and groups are gone. */
export async function startPipeline(lab: BenchLab, options: PipelineRunOptions): Promise<PipelineRun> {
  const { side, users } = options;
  await using cleanup = new AsyncDisposableStack();
  const topics = cleanup.use(await createRunTopics(lab, [groups.mapper, groups.dispatcher]));
  const api = await spawnService({ name: 'API stub', entry: stubMain, env: { USERS: String(users) } });
  cleanup.defer(() => api.stop());
  const start = side === 'ours' ? startOurs : startBaseline;
  const services = await Promise.allSettled(start(lab, topics, api.url, options));
  const running = services.filter((each) => each.status === 'fulfilled').map(({ value }) => value);
  for (const service of running) cleanup.defer(() => service.stop());
  for (const each of services) if (each.status === 'rejected') throw each.reason;
  const [ingest, mapper, dispatcher] = running;
  if (ingest === undefined || mapper === undefined || dispatcher === undefined) throw new Error('a service is missing');
  const owned = cleanup.move();
  const ask = async <T>(path: string): Promise<T> => (await fetch(api.url + path)).json() as Promise<T>;
  return {
    side,
    topics,
    ingestUrl: ingest.url,
    adminUrls: side === 'ours' ? running.map(({ adminUrl }) => adminUrl) : [],
    pids: {
      ingest: ingest.pid,
      mapper: mapper.pid,
      dispatcher: dispatcher.pid,
      broker: lab.brokerPid,
      api: api.pid,
      load: process.pid,
    },
    progress: () => ask<Progress>('/progress'),
    times: (first, count) => ask<(number | null)[]>(`/times?first=${first}&count=${count}`),
    timesCome: (first, count) => ask<TimesCome>(`/times-come?first=${first}&count=${count}`),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Ingest, mapper and dispatcher, in this order. */
type StartServices = (
  lab: BenchLab,
  run: RunTopics,
  apiUrl: string,
  options: PipelineRunOptions,
) => readonly Promise<ServiceProcess>[];

/** As they are deployed, with the default configuration. */
const startOurs: StartServices = (lab, { prefix }, apiUrl, { isBulk }) => {
  const kafka = { KAFKA_BROKERS: lab.kafkaBrokers, KAFKA_TOPIC_PREFIX: prefix };
  const shared = { ...kafka, CONNECTORS_FILE: lab.connectorsFile, ADMIN_PORT: '0' };
  const consumer = { ...shared, SCHEMA_REGISTRY_URL: lab.schemaRegistryUrl };
  const dispatcher = {
    DISPATCHER_GROUP_ID: groups.dispatcher,
    DISPATCHER_API_URL: apiUrl,
    DISPATCHER_LEDGER_DIRECTORY: join(lab.folder, prefix),
    DISPATCHER_BULK: String(isBulk),
  };
  return [
    spawnService({ name: 'ingest', entry: mains.ingest, env: { ...shared, INGEST_PORT: '0' } }),
    spawnService({ name: 'mapper', entry: mains.mapper, env: { ...consumer, MAPPER_GROUP_ID: groups.mapper } }),
    spawnService({ name: 'dispatcher', entry: mains.dispatcher, env: { ...consumer, ...dispatcher } }),
  ];
};

const startBaseline: StartServices = (lab, { prefix, topics, schemaIds }, apiUrl, { isBulk }) => {
  const kafka = { KAFKA_BROKERS: lab.kafkaBrokers };
  const source = topics.segmentEvents.name;
  const commands = { COMMAND_TOPIC: topics.commands.name };
  const mapper = {
    SOURCE_TOPIC: source,
    GROUP_ID: prefix + groups.mapper,
    SCHEMA_IDS: JSON.stringify(Object.fromEntries(schemaIds)),
  };
  const dispatcher = { GROUP_ID: prefix + groups.dispatcher, API_URL: apiUrl };
  const dispatcherMain = isBulk ? baselines.bulkDispatcher : baselines.dispatcher;
  return [
    spawnService({ name: 'naive ingest', entry: baselines.ingest, env: { ...kafka, TOPIC: source } }),
    spawnService({ name: 'naive mapper', entry: baselines.mapper, env: { ...kafka, ...commands, ...mapper } }),
    spawnService({ name: 'naive dispatcher', entry: dispatcherMain, env: { ...kafka, ...commands, ...dispatcher } }),
  ];
};

/** What became of the events of a run. */
export interface Delivery {
  /** Acknowledged by ingest, and never seen by the API. */
  readonly lost: number;
  /** Calls for events that the API had seen, but for those that were asked for. */
  readonly repeated: number;
  /** Came after a later event of their user. */
  readonly overtaken: number;
}

export interface Delivered extends Delivery {
  /** When the last event came. */
  readonly lastAtMs: number;
}

interface Known {
  /** Events that are lost, which a side that is not ours may do. */
  readonly lost?: number;
  /** Calls for events that the API has seen, where a replay was asked to make them. */
  readonly again?: number;
}

/**
 * Resolves when all of `expected` events but those known to be lost have come, or, where they are not ours, when
 * nothing comes any more. Rejects when an event of ours is lost, comes twice, or comes after a later one of its user:
 * there is no trouble here that would excuse it.
 */
export async function untilDelivered(
  run: PipelineRun,
  expected: number,
  { lost = 0, again = 0 }: Known = {},
): Promise<Delivered> {
  const reached = await lastProgress(run, expected - lost, again);
  const { calls, distinct, overtaken, lastAtMs } = reached;
  const delivery = { lost: expected - distinct, repeated: calls - distinct - again, overtaken };
  if (run.side === 'ours' && (delivery.lost !== 0 || delivery.repeated !== 0 || overtaken !== 0)) {
    throw new Error(
      `ours called ${calls} times for ${distinct} of ${expected} events, ${overtaken} of them out of order`,
    );
  }
  return { ...delivery, lastAtMs };
}

async function lastProgress(run: PipelineRun, expected: number, again: number): Promise<Progress> {
  let known = -1;
  let changedAtMs = monotonicMs();
  for (;;) {
    const progress = await run.progress();
    if (progress.distinct >= expected && progress.calls >= expected + again) break;
    if (progress.calls !== known) {
      known = progress.calls;
      changedAtMs = monotonicMs();
    } else if (monotonicMs() - changedAtMs > STALL_MS) break;
    await sleep(POLL_MS);
  }
  await sleep(QUIET_MS);
  return run.progress();
}
