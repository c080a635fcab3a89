/** The replays, read on at most once a second for all tabs, and once more for one that has just been started. */
import { listReplays, ReplayBoard, type Cluster, type ReplayList } from '@astrolabe/operations';
import type { Clock } from '@astrolabe/service-kit/clock';
import type { ServerSentEvent } from '../../routes/route.ts';
import { mapPanel } from '../panel.ts';
import type { ReplayDetail, ReplaysValue } from '../shapes/replays.ts';
import type { Panel } from '../shapes/values.ts';
import { CachedRead } from '../sources/cached-read.ts';
import type { ClusterSource } from '../sources/cluster-source.ts';
import { toReplayDetail, toReplays } from './replay-view.ts';

export interface ReplayWatchOptions {
  readonly clusters: ClusterSource;
  readonly clock: Clock;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

const FRESH_MS = 1_000;

export class ReplayWatch {
  readonly #options: ReplayWatchOptions;
  readonly #replays: CachedRead<ReplayList>;
  /** What was read of the topic by now, and of which cluster. */
  #followed: { readonly cluster: Cluster; readonly board: ReplayBoard } | undefined;
  #lookedAgainMs = -Infinity;

  constructor(options: ReplayWatchOptions) {
    this.#options = options;
    const { clock, waitMs, signal } = options;
    this.#replays = new CachedRead({
      read: (ends) => this.#read(ends),
      freshMs: FRESH_MS,
      waitMs,
      what: 'the replays',
      clock,
      signal,
    });
  }

  async list(): Promise<Panel<ReplaysValue>> {
    return mapPanel(await this.#replays.panel(), toReplays);
  }

  /** `undefined` in a panel: there is none with that id. */
  async one(id: string): Promise<Panel<ReplayDetail | undefined>> {
    const shown = await this.#find(id);
    if (shown.kind !== 'ready' || shown.value !== undefined || !this.#mayLookAgain()) return shown;
    // Who has just started one opens its page sooner than the list is read again.
    this.#replays.expire();
    return this.#find(id);
  }

  async #find(id: string): Promise<Panel<ReplayDetail | undefined>> {
    return mapPanel(await this.#replays.panel(), ({ replays }) => {
      const found = replays.find((each) => each.id === id);
      return found && toReplayDetail(found);
    });
  }

  /** Once in the time that a list is fresh: an id that does not exist must not have the topic read at each question. */
  #mayLookAgain(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs < this.#lookedAgainMs + FRESH_MS) return false;
    this.#lookedAgainMs = nowMs;
    return true;
  }

  /** The whole list at the start and after each change, at most once a second. */
  async *changes(signal: AbortSignal): AsyncGenerator<ServerSentEvent, void> {
    const { clock } = this.#options;
    let shown: string | undefined;
    while (!signal.aborted) {
      const replays = await this.list();
      // The time of the read alone is not a change.
      const text = JSON.stringify(replays.kind === 'ready' ? replays.value : replays);
      if (text !== shown) yield { event: 'replays', data: { replays } };
      shown = text;
      await clock.sleep(FRESH_MS, signal).catch(() => undefined);
    }
  }

  async #read(signal: AbortSignal): Promise<ReplayList> {
    const cluster = await this.#options.clusters.get();
    if (this.#followed?.cluster !== cluster) this.#followed = { cluster, board: new ReplayBoard(cluster) };
    return listReplays(cluster, signal, this.#followed.board);
  }
}
