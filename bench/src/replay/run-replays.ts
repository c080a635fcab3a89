/** Replays as an operator starts and follows them, on the topics of a run. */
import { createPartitionReader, createTopicInspector, openTransactionalProducer } from '@astrolabe/kafka';
import {
  controlReplay,
  findReplay,
  isOver,
  planReplay,
  startReplay,
  type Cluster,
  type ReplayRequest,
  type ReplaySummary,
} from '@astrolabe/operations';
import { openReplayFollower } from '@astrolabe/processing';
import { phaseOf, readOf, totalsOf, type ReplayFollower } from '@astrolabe/replay';
import { systemClock } from '@astrolabe/service-kit/clock';
import type { BenchLab } from '../bench-lab.ts';
import { monotonicMs } from '../event-load/monotonic.ts';
import type { RunTopics } from '../run-topics.ts';

/** Times are those of `monotonicMs`. */
export interface DoneReplay {
  /** When its order was about to be written. */
  readonly startedAtMs: number;
  /** When everybody could see that it was over, or that it was cancelled. */
  readonly endedAtMs: number;
  readonly replay: ReplaySummary;
}

/** Without progress for so long, it hangs. */
const STALL_MS = 60_000;

type OperatedCluster = Pick<Cluster, 'prefix' | 'topics' | 'admin' | 'reader' | 'inspector'> &
  Pick<Cluster, 'openTransactionalProducer'>;

export class RunReplays implements AsyncDisposable {
  readonly #cluster: OperatedCluster;
  readonly #follower: ReplayFollower;
  readonly #owned: AsyncDisposableStack;
  readonly #defect = Promise.withResolvers<never>();

  constructor({ connection, logger }: BenchLab, { prefix, topics, admin }: RunTopics) {
    const owned = new AsyncDisposableStack();
    const reader = createPartitionReader({ connection });
    owned.defer(() => reader.close());
    const inspector = createTopicInspector(connection);
    owned.defer(() => inspector.close());
    this.#defect.promise.catch(() => undefined);
    this.#follower = openReplayFollower({
      connection,
      topic: topics.replays.name,
      clock: systemClock,
      random: Math.random,
      logger,
      onFault: this.#defect.reject,
    });
    owned.defer(() => this.#follower.close());
    this.#cluster = {
      prefix,
      topics,
      admin,
      reader,
      inspector,
      openTransactionalProducer: (transactionalId) => openTransactionalProducer({ connection, transactionalId }),
    };
    this.#owned = owned;
  }

  /**
   * Resolves when it is over. One that is not, `mostMs` after its first record has ended, is cancelled. Rejects when
   * nothing moves any more.
   */
  async replay(request: ReplayRequest, mostMs = Number.POSITIVE_INFINITY): Promise<DoneReplay> {
    const run = { clock: systemClock, signal: new AbortController().signal };
    const planned = await planReplay({
      cluster: this.#cluster,
      request,
      id: undefined,
      recordsPerSecond: undefined,
      ...run,
    });
    if (planned.kind !== 'planned') throw new Error(`a replay could not be planned: ${planned.kind}`);
    const { order } = planned;
    const over = this.#untilOver(order.id, mostMs);
    const startedAtMs = monotonicMs();
    await startReplay({ cluster: this.#cluster, order, ...run });
    let endedAtMs = await over;
    if (endedAtMs === undefined) {
      const isOverNow = this.#untilOver(order.id, Number.POSITIVE_INFINITY);
      await controlReplay({ cluster: this.#cluster, id: order.id, wanted: 'cancel', ...run });
      endedAtMs = monotonicMs();
      await isOverNow;
    }
    const found = await findReplay(this.#cluster, order.id, run.signal);
    if (found.kind !== 'replay') throw new Error(`replay ${order.id} is not there any more`);
    return { startedAtMs, endedAtMs, replay: found.replay };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }

  /** When it was over; undefined when it was not, `mostMs` after its first record has ended. */
  async #untilOver(id: string, mostMs: number): Promise<number | undefined> {
    const over = Promise.withResolvers<number | undefined>();
    const hangs = (): void => over.reject(new Error(`replay ${id} made no progress for ${STALL_MS} ms`));
    let stall = setTimeout(hangs, STALL_MS);
    let cap: NodeJS.Timeout | undefined;
    const look = (): void => {
      clearTimeout(stall);
      stall = setTimeout(hangs, STALL_MS);
      const view = this.#follower.current().replays.get(id);
      if (view === undefined) return;
      if (isOver(phaseOf(view))) over.resolve(monotonicMs());
      else if (Number.isFinite(mostMs) && readOf(totalsOf(view).commands) > 0) {
        cap ??= setTimeout(() => over.resolve(undefined), mostMs);
      }
    };
    const ends = this.#follower.onChange(look);
    look();
    try {
      return await Promise.race([over.promise, this.#defect.promise]);
    } finally {
      ends();
      clearTimeout(stall);
      clearTimeout(cap);
    }
  }
}
