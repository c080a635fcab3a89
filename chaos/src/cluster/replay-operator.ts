/** Who starts and changes the replays of a run, through the functions that the command line uses. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  controlReplay,
  isOver,
  listReplays,
  openCluster,
  planReplay,
  startReplay,
  type Cluster,
  type ListedReplay,
  type ReplayRequest,
} from '@astrolabe/operations';
import { configSections, createLogger, defineConfig, readConfig } from '@astrolabe/service-kit';
import { systemClock } from '@astrolabe/service-kit/clock';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { scaledTimeoutMs } from '@astrolabe/testkit';

export type OperatorAnswer =
  | { readonly kind: 'done' }
  /** The program says no, or no broker has answered for too long. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface ReplayOperator {
  /** Ids of the replays that were started, in order. */
  readonly started: ReadonlySet<string>;
  start(id: string, request: ReplayRequest, recordsPerSecond: number | undefined): Promise<OperatorAnswer>;
  pause(id: string): Promise<OperatorAnswer>;
  /** Lifts the rate where that is asked for. */
  resume(id: string, rate?: 'none'): Promise<OperatorAnswer>;
  cancel(id: string): Promise<OperatorAnswer>;
  /** Rejects where no broker answers. */
  list(): Promise<readonly ListedReplay[]>;
}

interface OperatorRun {
  readonly cluster: Cluster;
  readonly clock: typeof systemClock;
  readonly signal: AbortSignal;
}

/** A cluster without a quorum, or whose brokers start again, answers again after so long, also on a busy machine. */
const GIVE_UP_AFTER_MS = scaledTimeoutMs(180_000);
const ATTEMPT_MS = scaledTimeoutMs(45_000);
const PAUSE_MS = 500;

const clusterConfig = defineConfig(configSections.kafka);

const done: OperatorAnswer = { kind: 'done' };

export function createReplayOperator(kafkaBrokers: readonly string[], kafkaTopicPrefix: string): ReplayOperator {
  const started = new Set<string>();
  const logger = createLogger({ name: 'chaos-operator', level: 'silent' });
  const config = readConfig(clusterConfig, {
    KAFKA_BROKERS: kafkaBrokers.join(','),
    KAFKA_TOPIC_PREFIX: kafkaTopicPrefix,
    KAFKA_CLIENT_ID: 'chaos',
  });

  /** As an operator runs a program: each time on connections of its own. */
  const once = async <T>(use: (run: OperatorRun) => Promise<T>): Promise<T> => {
    const signal = AbortSignal.timeout(ATTEMPT_MS);
    const cluster = await openCluster({ config, logger, signal, clientName: 'operator' });
    try {
      return await use({ cluster, clock: systemClock, signal });
    } finally {
      await cluster.close();
    }
  };

  /** Again and again while the brokers do not take it. */
  const withRetries = async (use: (run: OperatorRun) => Promise<OperatorAnswer>): Promise<OperatorAnswer> => {
    const untilMs = Date.now() + GIVE_UP_AFTER_MS;
    for (;;) {
      try {
        return await once(use);
      } catch (error) {
        if (Date.now() >= untilMs) return { kind: 'refused', reason: errorMessage(error) };
        await sleep(PAUSE_MS);
      }
    }
  };

  const control = (
    id: string,
    wanted: 'run' | 'pause' | 'cancel',
    more: { readonly rate?: 'none' } = {},
  ): Promise<OperatorAnswer> =>
    withRetries(async (run) => {
      const controlled = await controlReplay({ ...run, id, wanted, ...more });
      if (controlled.kind === 'changed' || controlled.kind === 'unchanged') return done;
      // What is over needs no change any more.
      if (controlled.kind === 'refused' && isOver(controlled.phase)) return done;
      return { kind: 'refused', reason: `${wanted}: ${JSON.stringify(controlled)}` };
    });

  return {
    started,
    start: (id, request, recordsPerSecond) =>
      withRetries(async (run) => {
        const planned = await planReplay({ ...run, request, id, recordsPerSecond });
        if (planned.kind === 'planned') {
          await startReplay({ ...run, order: planned.order });
        } else if (planned.kind !== 'started') {
          return { kind: 'refused', reason: planned.kind };
        }
        // An attempt before this one may have been stored, and its answer lost.
        started.add(id);
        return done;
      }),
    pause: (id) => control(id, 'pause'),
    resume: (id, rate) => control(id, 'run', rate === undefined ? {} : { rate }),
    cancel: (id) => control(id, 'cancel'),
    list: () => once(async ({ cluster, signal }) => (await listReplays(cluster, signal)).replays),
  };
}
