/**
 * The commands of replayed events on one partition of their topic: the cursor over it, and what came of each replay.
 */
import { isRecreated, type OutgoingRecord, type TopicId } from '@astrolabe/records';
import { replayedCommandsRecord, type CommandsProgress, type ReplaySnapshot } from '@astrolabe/replay';
import { OutcomeCounts, outcomeLabels } from './outcome-counts.ts';
import type { ActiveReplays } from './active-replays.ts';
import type { PartitionReplayOptions } from './partition-replay-options.ts';
import type { ProgressTeller } from './progress-writer.ts';
import { ReplayCursor } from './replay-cursor.ts';
import { TopicSource } from './sources/topic-source.ts';

export interface ReplayedCommandsOptions extends PartitionReplayOptions {
  readonly topic: string;
  readonly topicId: TopicId;
  readonly replays: ActiveReplays;
}

export class ReplayedCommands implements ProgressTeller {
  readonly #options: ReplayedCommandsOptions;
  readonly #counts = new Map<string, OutcomeCounts>();
  readonly #source: TopicSource;
  readonly #cursor: ReplayCursor;
  /** As the last progress says; before the first, where it began. */
  #toldTo: bigint;

  private constructor(options: ReplayedCommandsOptions, position: bigint, stored: StoredCounts) {
    const { session, metrics, logger } = options;
    this.#options = options;
    this.#toldTo = position;
    for (const [id, { counts, gaveWayMs }] of stored) this.#counts.set(id, new OutcomeCounts(counts, gaveWayMs));
    this.#source = new TopicSource({ ...options, commandTopic: session.topic, partition: session.partition });
    this.#cursor = new ReplayCursor({
      ...options,
      source: this.#source,
      position,
      onDone: (replayId, outcome, records) => {
        this.#countsOf(replayId).add(outcome, records);
        metrics.replayedRecords.inc({ source: 'events', outcome: outcomeLabels[outcome] }, records);
      },
      onChange: () => this.#tell(),
      onLost: (outcome, offsets) => {
        const fields = { topic: options.topic, partition: session.partition, outcome, offsets };
        logger.error(fields, 'commands of replayed events are not there any more, or cannot be read');
      },
    });
  }

  /** Goes on from what an earlier owner has stored. Rejects with the session's reason, or with a fault. */
  static async open(options: ReplayedCommandsOptions, snapshot: ReplaySnapshot): Promise<ReplayedCommands> {
    const { session, topic, topicId, reader } = options;
    const stored = snapshot.replayedCommands.get(session.partition);
    const { lowWatermark, highWatermark } = await reader.bounds(topic, session.partition, session.signal);
    const counts = Object.entries(stored?.replays ?? {});
    // Another topic of that name begins at 0: from the old position on, its first commands would be left out.
    const isOther = stored === undefined || isRecreated(stored.topicId, topicId) || stored.nextOffset > highWatermark;
    return new ReplayedCommands(options, isOther ? lowWatermark : stored.nextOffset, counts);
  }

  /** Commands that were made and have not ended, as far as they are known. */
  get lag(): number {
    const { doneTo } = this.#cursor.line;
    return this.#source.endOffset > doneTo ? Number(this.#source.endOffset - doneTo) : 0;
  }

  get isAtWork(): boolean {
    return this.#cursor.line.inHand.records > 0;
  }

  /** What is asked for may have changed. */
  obey(): void {
    const { replays } = this.#options;
    if (this.isAtWork) {
      this.#cursor.line.drop(({ replayId }) => replays.orderOf(replayId)?.wanted === 'cancel', 'cancelled');
    }
    if (replays.hasEvents()) this.#cursor.wake();
    // The mapper's end may have become known after the last command had ended.
    this.#tell();
  }

  gaveWay(ms: number): void {
    const ofEvents = this.#options.replays.all().filter(({ order }) => order.request.source === 'events');
    for (const { order } of ofEvents) this.#countsOf(order.id).gaveWay(ms);
  }

  async stop(): Promise<void> {
    await this.#cursor.stop();
  }

  progress(atMs: number): OutgoingRecord {
    const { session, topicId, replays } = this.#options;
    // Of those that were removed nobody asks any more: the record would grow without end.
    for (const id of this.#counts.keys()) if (replays.orderOf(id) === undefined) this.#counts.delete(id);
    this.#toldTo = this.#cursor.line.doneTo;
    return replayedCommandsRecord(session.partition, {
      ...(topicId === undefined ? {} : { topicId }),
      nextOffset: this.#cursor.line.doneTo,
      atMs,
      replays: Object.fromEntries(
        [...this.#counts].map(([id, counts]): [string, CommandsProgress] => [
          id,
          { gaveWayMs: counts.gaveWayMs, counts: counts.counts },
        ]),
      ),
    });
  }

  /** A stop with nothing to tell must not wait for brokers that are away. */
  #tell(): void {
    const { writer, replays } = this.#options;
    if (this.#cursor.line.doneTo === this.#toldTo) return;
    // Those who follow a replay wait for its end, and for nothing else.
    if (this.lag === 0 && replays.areEventsRead()) writer.changed(this);
    else writer.moved(this);
  }

  #countsOf(replayId: string): OutcomeCounts {
    let counts = this.#counts.get(replayId);
    if (counts === undefined) this.#counts.set(replayId, (counts = new OutcomeCounts()));
    return counts;
  }
}

type StoredCounts = readonly (readonly [string, CommandsProgress])[];
