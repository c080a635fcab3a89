/** Follows a replay until it is where the caller waits for. Looking on changes nothing, and neither does stopping. */
import { isRetryableFault } from '@astrolabe/service-kit';
import type { ReplayPhase, ReplayView } from '@astrolabe/replay';
import type { Cluster, OperationRun } from '../cluster/cluster.ts';
import { summarize, type ReplaySummary } from './core/replay-report.ts';
import { ReplayBoard } from './replay-board.ts';

export interface FollowReplayOptions extends OperationRun {
  readonly cluster: Pick<Cluster, 'reader' | 'topics'>;
  readonly id: string;
  readonly isEnd: (phase: ReplayPhase) => boolean;
  /** After how long without progress it is said. */
  readonly stallAfterMs: number;
  /** After how long without progress it is not followed any more; undefined: never. */
  readonly giveUpAfterMs: number | undefined;
  readonly onEvent: (event: FollowEvent) => void;
}

export type FollowEvent =
  | { readonly kind: 'progress'; readonly replay: ReplaySummary }
  /** No service has told any progress for this long. Once, until there is some. */
  | { readonly kind: 'stalled'; readonly replay: ReplaySummary; readonly forMs: number }
  | { readonly kind: 'moving-again' }
  /** The brokers do not answer; asked again. Once, until they do. */
  | { readonly kind: 'unreachable'; readonly error: unknown };

export type FollowedReplay =
  | { readonly kind: 'reached'; readonly replay: ReplaySummary }
  /** The signal was aborted, or there was no progress for too long. The replay goes on. Undefined: nothing was read. */
  | { readonly kind: 'interrupted' | 'timed-out'; readonly replay: ReplaySummary | undefined }
  /** There is no such replay, or none any more. */
  | { readonly kind: 'unknown' };

const POLL_MS = 500;

export async function followReplay(options: FollowReplayOptions): Promise<FollowedReplay> {
  const { cluster, id, isEnd, giveUpAfterMs, clock, signal, onEvent } = options;
  const board = new ReplayBoard(cluster);
  const watch = new ProgressWatch(options);
  let replay: ReplaySummary | undefined;
  try {
    for (;;) {
      const read = await refresh(board, signal, watch);
      if (read !== undefined) {
        const view = read.replays.get(id);
        if (view === undefined) return { kind: 'unknown' };
        replay = summarize(view);
        onEvent({ kind: 'progress', replay });
        if (isEnd(replay.phase)) return { kind: 'reached', replay };
        watch.saw(view, replay);
      }
      if (giveUpAfterMs !== undefined && watch.quietMs() >= giveUpAfterMs) return { kind: 'timed-out', replay };
      await clock.sleep(POLL_MS, signal);
    }
  } catch (error) {
    if (signal.aborted) return { kind: 'interrupted', replay };
    throw error;
  }
}

/** Undefined where the brokers are away for the moment. */
async function refresh(board: ReplayBoard, signal: AbortSignal, watch: ProgressWatch) {
  try {
    const read = await board.refresh(signal);
    watch.reached();
    return read;
  } catch (error) {
    if (signal.aborted || !isRetryableFault(error)) throw error;
    watch.unreachable(error);
    return undefined;
  }
}

type Moving = 'moving' | 'stalled';

/** Says once when progress ends, and once when there is some again. */
class ProgressWatch {
  readonly #options: FollowReplayOptions;
  #mark = '';
  #movedAtMs: number;
  #moving: Moving = 'moving';
  #isReached = true;

  constructor(options: FollowReplayOptions) {
    this.#options = options;
    this.#movedAtMs = options.clock.monotonicMs();
  }

  quietMs(): number {
    return this.#options.clock.monotonicMs() - this.#movedAtMs;
  }

  saw(view: ReplayView, replay: ReplaySummary): void {
    const { stallAfterMs, clock, onEvent } = this.#options;
    const mark = markOf(view);
    if (mark !== this.#mark) {
      this.#mark = mark;
      this.#movedAtMs = clock.monotonicMs();
      if (this.#moving === 'stalled') onEvent({ kind: 'moving-again' });
      this.#moving = 'moving';
      return;
    }
    if (this.#moving === 'stalled' || this.quietMs() < stallAfterMs) return;
    this.#moving = 'stalled';
    onEvent({ kind: 'stalled', replay, forMs: this.quietMs() });
  }

  reached(): void {
    this.#isReached = true;
  }

  unreachable(error: unknown): void {
    if (this.#isReached) this.#options.onEvent({ kind: 'unreachable', error });
    this.#isReached = false;
  }
}

/** Text that changes whenever a service has told progress. */
function markOf({ order, mapper, dispatcher, commands }: ReplayView): string {
  const cursors = [...mapper, ...dispatcher].map(
    ([partition, { atMs, nextOffset }]) => `${partition}:${nextOffset}@${atMs}`,
  );
  const ends = [...commands].map(([partition, { counts }]) => `${partition}:${Object.values(counts).join('.')}`);
  return [order.changedAtMs, ...cursors, ...ends].join(' ');
}
