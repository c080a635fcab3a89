/** A mapper and a dispatcher on three brokers, each of which may be killed, and a replay that is watched. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKafkaConnection, createSchemaRegistry, describeCluster } from '@astrolabe/kafka';
import { applyContracts, SupervisedService } from '@astrolabe/local-pipeline';
import { openReplayFollower } from '@astrolabe/processing';
import { topicsFor } from '@astrolabe/records';
import { commandSchemasIn } from '@astrolabe/records/serde';
import { readOf, totalsOf, type ReplaySnapshot } from '@astrolabe/replay';
import { createLogger } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { eventually, scaledTimeoutMs, type LocalCluster } from '@astrolabe/testkit';
import type { ReplayPlace } from './replay-runs.ts';

export interface ReplayCluster extends ReplayPlace {
  readonly mapper: SupervisedService;
  readonly dispatcher: SupervisedService;
  readonly groups: Readonly<Record<'mapper' | 'dispatcher', string>>;
  /** The last lines of both services' logs. */
  lastLines(): string;
}

/** The last first. */
export type Closings = (() => Promise<unknown>)[];

export const CONNECTOR = { id: 'acme', name: 'acme', apiKey: 'key-of-acme', delivery: { bulk: true } };
const silent = createLogger({ name: 'replay-cluster', level: 'silent' });
const entryOf = (service: string): URL => new URL(`../../services/${service}/src/main.ts`, import.meta.url);

/** Nothing of it is started yet but the topics. */
export async function prepareReplayCluster(
  cluster: LocalCluster,
  apiUrl: string,
  closings: Closings,
): Promise<ReplayCluster> {
  const { kafkaBrokers, schemaRegistryUrl } = cluster;
  const folder = await mkdtemp(join(tmpdir(), 'replay-cluster-'));
  closings.push(() => rm(folder, { recursive: true, force: true }));
  const connectorsFile = join(folder, 'connectors.json');
  await writeFile(connectorsFile, JSON.stringify({ connectors: [CONNECTOR] }));
  const topics = topicsFor('');
  const kafka = createKafkaConnection({ brokers: kafkaBrokers.split(','), clientId: 'replay-cluster', logger: silent });
  const schemaRegistry = commandSchemasIn(createSchemaRegistry({ url: schemaRegistryUrl }));
  await applyContracts({ kafka, schemaRegistry, topics, replicationFactor: cluster.brokers.length });
  const env = {
    KAFKA_BROKERS: kafkaBrokers,
    SCHEMA_REGISTRY_URL: schemaRegistryUrl,
    CONNECTORS_FILE: connectorsFile,
    KAFKA_SESSION_TIMEOUT_MS: '6000',
  };
  const serviceOf = (name: string, own: Readonly<Record<string, string>>): SupervisedService => {
    const service = new SupervisedService({
      name,
      entry: entryOf(name),
      env: { ...env, ...own, KAFKA_GROUP_INSTANCE_ID: name },
    });
    closings.push(() => service.close());
    return service;
  };
  const mapper = serviceOf('mapper', {});
  const dispatcher = serviceOf('dispatcher', {
    DISPATCHER_API_URL: apiUrl,
    DISPATCHER_LEDGER_DIRECTORY: join(folder, 'ledger'),
    DISPATCHER_RETRY_BASE_MS: '20',
    DISPATCHER_RETRY_MAX_MS: '500',
  });
  return {
    topics,
    kafka,
    addresses: { kafka: kafkaBrokers, schemaRegistry: schemaRegistryUrl },
    groups: { mapper: 'astrolabe.mapper', dispatcher: 'astrolabe.dispatcher' },
    mapper,
    dispatcher,
    lastLines: () => [mapper, dispatcher].map(lastLinesOf).join('\n'),
  };
}

function lastLinesOf({ name, lives }: SupervisedService): string {
  const lines = lives.at(-1)?.process.logs().slice(-LAST_LINES) ?? [];
  return [`${name}, life ${lives.length}:`, ...lines].join('\n');
}

/** What the groups and the transactions of all clients stand on. */
const INTERNAL_TOPICS = ['__consumer_offsets', '__transaction_state'];

/**
 * Resolves once each partition has all of its replicas in sync: three of them are made to outlast the loss of one, and
 * one that has just come back does not have everything yet.
 */
export async function untilInSync({ kafka, topics }: Pick<ReplayCluster, 'kafka' | 'topics'>): Promise<void> {
  const names = [...Object.values(topics).map(({ name }) => name), ...INTERNAL_TOPICS];
  await eventually(
    async () => {
      const described = (await describeCluster(kafka, names)).topics;
      assert.equal(described.length, names.length);
      const behind = described.flatMap(({ name, partitions }) =>
        partitions
          .filter(({ replicas, inSyncReplicas }) => inSyncReplicas < replicas)
          .map(({ partition }) => `${name}/${partition}`),
      );
      assert.deepEqual(behind, []);
      return true;
    },
    { timeoutMs: IN_SYNC_TIMEOUT_MS, describe: 'all replicas to be in sync', intervalMs: 500 },
  );
}

export interface WatchedReplay {
  /** Commands that have ended, as they are told. */
  readonly ended: number;
  /** Of the events and of their commands. */
  readonly left: { readonly offsets: number; readonly pending: number };
  /** Resolves once so many commands have ended. Rejects where none more ends for a long time. */
  untilEnded(commands: number): Promise<void>;
}

/** Three times it, on a busy machine, is still less than a test file may take: the message says what was waited for. */
const SILENCE_MS = 60_000;
const IN_SYNC_TIMEOUT_MS = 60_000;
/** Of each service, where a replay stands still. */
const LAST_LINES = 40;

/** Watches it as everybody else does, by the topic of replays. */
export function watchReplay(
  { kafka, topics, lastLines }: Pick<ReplayCluster, 'kafka' | 'topics' | 'lastLines'>,
  id: string,
  closings: Closings,
): WatchedReplay {
  const follower = openReplayFollower({
    connection: kafka,
    topic: topics.replays.name,
    clock: systemClock,
    random: Math.random,
    logger: silent,
    onFault: (fault) => assert.fail(fault as Error),
  });
  closings.push(() => follower.close());
  const totals = ({ replays }: ReplaySnapshot = follower.current()) => {
    const view = replays.get(id);
    return view === undefined ? undefined : totalsOf(view);
  };
  const endedNow = (snapshot?: ReplaySnapshot): number => {
    const known = totals(snapshot);
    return known === undefined ? 0 : readOf(known.commands);
  };
  return {
    get ended() {
      return endedNow();
    },
    get left() {
      const known = totals();
      return { offsets: known?.offsetsLeft ?? Number.NaN, pending: known?.commandsPending ?? Number.NaN };
    },
    untilEnded: async (commands) => {
      if (endedNow() >= commands) return;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const stands = (): void => {
        reject(new Error(`the replay ${id} stands at ${endedNow()} commands, not ${commands}; ${lastLines()}`));
      };
      const timer = setTimeout(stands, scaledTimeoutMs(SILENCE_MS));
      let ended = endedNow();
      const unfollow = follower.onChange((snapshot) => {
        const now = endedNow(snapshot);
        if (now > ended) timer.refresh();
        ended = now;
        if (ended >= commands) resolve();
      });
      await promise.finally(() => {
        clearTimeout(timer);
        unfollow();
      });
    },
  };
}
