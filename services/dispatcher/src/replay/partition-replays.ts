/**
 * The replays of one assignment of a partition, from when its ledger is open: those of commands, and the commands of
 * replayed events. Nothing live waits for any of it.
 */
import type { OutgoingRecord, TopicId } from '@astrolabe/records';
import { isOfTopic, partitionsOf, type ReplayFollower, type ReplayView } from '@astrolabe/replay';
import { createRetrier, retryPolicies } from '@astrolabe/service-kit';
import { ReplayWindow } from '../core/replay/replay-window.ts';
import type { ActiveReplays } from './active-replays.ts';
import { CommandsReplay } from './commands-replay.ts';
import type { PartitionReplayOptions } from './partition-replay-options.ts';
import { ProgressWriter } from './progress-writer.ts';
import { ReplayedCommands } from './replayed-commands.ts';
import type { ReplaysState } from './replays-state.ts';

/** What the replays of all partitions have in common. */
export interface ReplayPorts {
  readonly follower: Pick<ReplayFollower, 'upToDate' | 'current'>;
  readonly active: ActiveReplays;
  readonly reader: PartitionReplayOptions['reader'];
  /** The topic of replayed commands. */
  readonly topic: string;
  readonly topicId: () => Promise<TopicId>;
  /** To the topic of replays. Resolves once the brokers have the records. */
  readonly send: (records: readonly OutgoingRecord[]) => Promise<unknown>;
}

export interface PartitionReplaysOptions extends Omit<
  PartitionReplayOptions,
  'reader' | 'window' | 'writer' | 'retrier'
> {
  readonly ports: ReplayPorts;
  readonly random: () => number;
}

export class PartitionReplays {
  readonly #options: PartitionReplayOptions;
  readonly #ports: ReplayPorts;
  readonly #commands = new Map<string, CommandsReplay>();
  readonly #refused = new Set<string>();
  #replayedCommands: ReplayedCommands | undefined;
  /** Undefined until what earlier owners have stored is known. */
  #reviewedMs: number | undefined;
  #wayGivenMs = 0;
  #isQuiet = false;

  /** Begins at once. */
  constructor(options: PartitionReplaysOptions) {
    const { ports, ...others } = options;
    this.#ports = ports;
    this.#options = {
      ...others,
      reader: ports.reader,
      retrier: createRetrier(options),
      window: new ReplayWindow(),
      writer: new ProgressWriter({ ...options, send: ports.send }),
    };
    void this.#open();
  }

  /** Does what is asked for by now, and tells how far it is. To be called every quarter of a second or so. */
  review(): void {
    const sinceMs = this.#reviewedMs;
    if (this.#isQuiet || sinceMs === undefined) return;
    const nowMs = this.#options.clock.monotonicMs();
    this.#reviewedMs = nowMs;
    this.#countWayGiven(nowMs - sinceMs, nowMs);
    this.#obey();
    this.#options.writer.review();
  }

  state(): ReplaysState {
    let commands = 0;
    for (const replay of this.#commands.values()) if (replay.isReading) commands += replay.lag;
    return {
      lag: { events: this.#replayedCommands?.lag ?? 0, commands },
      inHandRecords: this.#options.window.inHandRecords,
    };
  }

  /** Reads and takes nothing more. */
  quiesce(): void {
    this.#isQuiet = true;
    for (const each of this.#all()) void each.stop();
  }

  /** Resolves when nothing is read, and what was done is told, unless that takes longer than `timeoutMs`. */
  async stop(timeoutMs: number): Promise<void> {
    this.quiesce();
    await Promise.all([...this.#all()].map((each) => each.stop()));
    await this.#options.writer.close(timeoutMs);
  }

  *#all(): Iterable<CommandsReplay | ReplayedCommands> {
    yield* this.#commands.values();
    if (this.#replayedCommands !== undefined) yield this.#replayedCommands;
  }

  async #open(): Promise<void> {
    const { session, retrier, clock, scheduler } = this.#options;
    const { follower, topic, topicId, active } = this.#ports;
    const { signal } = session;
    try {
      // What the owner before has done is not done again, as far as it has told.
      const snapshot = await follower.upToDate(signal);
      const id = await retrier('looking up a topic', topicId, { policy: retryPolicies.dependency, signal });
      const options = { ...this.#options, topic, topicId: id, replays: active };
      const opened = await ReplayedCommands.open(options, snapshot);
      this.#replayedCommands = opened;
      if (this.#isQuiet) {
        await opened.stop();
        return;
      }
      this.#reviewedMs = clock.monotonicMs();
      this.#wayGivenMs = scheduler.wayGivenMs(this.#reviewedMs);
      this.review();
    } catch (fault) {
      if (!signal.aborted) session.fail(fault);
    }
  }

  #obey(): void {
    this.#replayedCommands?.obey();
    const { partition } = this.#options.session;
    const { active, follower } = this.#ports;
    for (const view of active.ofCommands()) {
      const { id } = view.order;
      const known = this.#commands.get(id);
      if (known !== undefined) known.obey(view);
      else if (partitionsOf(view.order).includes(partition) && this.#isOfThisTopic(view)) this.#begin(view);
    }
    for (const [id, replay] of this.#commands) {
      if (follower.current().replays.has(id)) continue;
      this.#commands.delete(id);
      void replay.removed();
    }
  }

  #begin(view: ReplayView): void {
    const replay = new CommandsReplay(this.#options, view);
    this.#commands.set(view.order.id, replay);
    replay.obey(view);
  }

  /** Offsets of another topic of that name would be those of other commands. */
  #isOfThisTopic({ order }: ReplayView): boolean {
    const { session, logger } = this.#options;
    if (isOfTopic(order, session.topic, session.topicId)) return true;
    if (!this.#refused.has(order.id)) {
      this.#refused.add(order.id);
      const { partition, topic } = session;
      logger.error({ replay: order.id, topic, partition }, 'the topic was created again since the replay was started');
    }
    return false;
  }

  /** Since the last look: the replays that had records in hand meanwhile waited for live ones of some connector. */
  #countWayGiven(elapsedMs: number, nowMs: number): void {
    const { scheduler, metrics } = this.#options;
    const totalMs = scheduler.wayGivenMs(nowMs);
    const ms = Math.min(elapsedMs, totalMs - this.#wayGivenMs);
    this.#wayGivenMs = totalMs;
    if (ms <= 0) return;
    for (const each of this.#all()) {
      if (!each.isAtWork) continue;
      each.gaveWay(ms);
      metrics.replayGaveWay.inc({}, ms / 1_000);
    }
  }
}
