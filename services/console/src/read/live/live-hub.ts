/**
 * The live view of all tabs: one reader of each topic, however many watch it. It begins when the first tab comes, ends
 * a while after the last has left, and reads at a bounded rate.
 */
import { tailRecords, type TailedItem } from '@astrolabe/operations';
import type { CommandDecoder } from '@astrolabe/records/serde';
import type { Clock } from '@astrolabe/service-kit/clock';
import { errorMessage } from '@astrolabe/service-kit/errors';
import type { MaskText } from '../payload/payload.ts';
import { liveTopics } from '../shapes/live.ts';
import type { ClusterSource } from '../sources/cluster-source.ts';
import { persist } from '../sources/persist.ts';
import { SharedRun } from '../sources/shared-run.ts';
import { toKeptItem, toLiveItem, type LiveItem, type LiveTopic } from './core/live-item.ts';
import { RecentItems, type Resumed } from './core/recent-items.ts';

export interface LiveHubOptions {
  readonly clusters: ClusterSource;
  /** Without one, the values of commands are not decoded. */
  readonly decoder: CommandDecoder | undefined;
  readonly mask: MaskText;
  readonly clock: Clock;
  readonly random: () => number;
  /** For the log: it is told to tabs as well, and tried again. */
  readonly onFailure: (topic: LiveTopic, error: unknown) => void;
}

export interface TopicState {
  readonly topic: LiveTopic;
  readonly state: 'starting' | 'reading' | 'unavailable';
  /** Why it is unavailable. */
  readonly message?: string | undefined;
}

/** Who watches. Called at once with each item, whatever the topic. */
export interface LiveWatcher {
  readonly onItem: (item: LiveItem) => void;
  readonly onNotRead: (topic: LiveTopic, offsets: number) => void;
  readonly onState: () => void;
}

/** Of each topic: more than anybody can look at, and little beside what the services read. */
const RECORDS_PER_SECOND = 2_000;
/** Shorter than the pause between two messages to a tab (`live-stream.ts`), so rows reach a tab no later. */
const REST_MS = 200;
const LINGER_MS = 10_000;
const KEPT_ITEMS = 500;

export class LiveHub {
  readonly #options: LiveHubOptions;
  readonly #runs: ReadonlyMap<LiveTopic, SharedRun>;
  readonly #states = new Map<LiveTopic, TopicState>();
  readonly #watchers = new Set<LiveWatcher>();
  readonly #recent = new RecentItems(KEPT_ITEMS);
  #sequence = 0;

  constructor(options: LiveHubOptions) {
    this.#options = options;
    const { clock } = options;
    this.#runs = new Map(
      liveTopics.map((topic) => [
        topic,
        new SharedRun({ run: (signal) => this.#follow(topic, signal), lingerMs: LINGER_MS, clock }),
      ]),
    );
  }

  /** The number of the last item that was read. */
  get sequence(): number {
    return this.#sequence;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** Begins to read the topics that nobody has watched. Returns how to leave. */
  watch(topics: ReadonlySet<LiveTopic>, watcher: LiveWatcher): () => void {
    this.#watchers.add(watcher);
    const leaves = [...this.#runs].flatMap(([topic, run]) => (topics.has(topic) ? [run.join()] : []));
    return () => {
      this.#watchers.delete(watcher);
      for (const leave of leaves) leave();
    };
  }

  states(topics: ReadonlySet<LiveTopic>): readonly TopicState[] {
    return [...topics].map((topic) => this.#states.get(topic) ?? { topic, state: 'starting' });
  }

  /** What was read after an item, for a tab that comes back. */
  after(sequence: number): Resumed {
    return this.#recent.after(sequence);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((run) => run.close()));
  }

  async #follow(topic: LiveTopic, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    this.#show({ topic, state: 'starting' });
    const onFailure = (error: unknown): void => {
      this.#show({ topic, state: 'unavailable', message: errorMessage(error) });
      this.#options.onFailure(topic, error);
    };
    await persist(() => this.#tail(topic, signal), { clock, random, signal, onFailure });
    this.#states.delete(topic);
  }

  async #tail(topic: LiveTopic, signal: AbortSignal): Promise<void> {
    const { clusters, decoder, clock } = this.#options;
    const cluster = await clusters.get();
    const onNotRead = (offsets: number): void => {
      for (const watcher of this.#watchers) watcher.onNotRead(topic, offsets);
    };
    await tailRecords({
      cluster,
      what: topic,
      range: {},
      filter: {},
      decoder,
      nowMs: clock.nowMs(),
      signal,
      onStart: () => this.#show({ topic, state: 'reading' }),
      onItem: (item) => this.#give(topic, item),
      pace: { recordsPerSecond: RECORDS_PER_SECOND, restMs: REST_MS, clock, onNotRead },
    });
  }

  #give(topic: LiveTopic, item: TailedItem): void {
    this.#sequence += 1;
    const read = toLiveItem(topic, item, this.#sequence, this.#options.mask);
    this.#recent.add(toKeptItem(read));
    for (const watcher of this.#watchers) watcher.onItem(read);
  }

  #show(state: TopicState): void {
    this.#states.set(state.topic, state);
    for (const watcher of this.#watchers) watcher.onState();
  }
}
