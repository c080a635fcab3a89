/** The replays as the records of `astrolabe.replays.v1` tell them, the newest of each key. No I/O. */
import {
  furtherOf,
  type CommandsProgress,
  type DispatcherProgress,
  type MapperProgress,
  type ReplayedCommandsProgress,
} from './replay-progress.ts';
import { replacesOrder } from './replay-phase.ts';
import type { ReplayKey } from './replay-keys.ts';
import type { ReplayOrder } from './replay-order.ts';
import type { ReplayRecord } from './replay-record.ts';
import type { ReplayView } from './replay-view.ts';

/** Does not change: a later state is another snapshot. */
export interface ReplaySnapshot {
  /** By id, in the order of their start. */
  readonly replays: ReadonlyMap<string, ReplayView>;
  /** The dispatchers' positions on the topic of replayed commands, by partition. */
  readonly replayedCommands: ReadonlyMap<number, ReplayedCommandsProgress>;
  /** What a version before managed replays has stored of its replays, by id. */
  readonly olderVersion: ReadonlyMap<string, Buffer>;
}

export class ReplayTable {
  readonly #orders = new Map<string, ReplayOrder>();
  readonly #mapper = new Map<string, Map<number, MapperProgress>>();
  readonly #dispatcher = new Map<string, Map<number, DispatcherProgress>>();
  readonly #replayedCommands = new Map<number, ReplayedCommandsProgress>();
  readonly #olderVersion = new Map<string, Buffer>();
  #snapshot: ReplaySnapshot | undefined;

  apply(record: ReplayRecord): void {
    this.#snapshot = undefined;
    switch (record.kind) {
      case 'order':
        if (replacesOrder(this.#orders.get(record.order.id), record.order)) {
          this.#orders.set(record.order.id, record.order);
        }
        break;
      case 'mapper-progress':
        keepFurther(this.#mapper, record.id, record.partition, record.progress);
        break;
      case 'dispatcher-progress':
        keepFurther(this.#dispatcher, record.id, record.partition, record.progress);
        break;
      case 'replayed-commands':
        this.#keepReplayedCommands(record.partition, record.progress);
        break;
      case 'older-version':
        this.#olderVersion.set(record.id, record.value);
        break;
      case 'removed-older-version':
        this.#olderVersion.delete(record.id);
        break;
      case 'removed':
        this.#remove(record.key);
        break;
      case 'unreadable':
        break;
    }
  }

  clear(): void {
    this.#snapshot = undefined;
    for (const map of [this.#orders, this.#mapper, this.#dispatcher, this.#replayedCommands, this.#olderVersion]) {
      map.clear();
    }
  }

  snapshot(): ReplaySnapshot {
    return (this.#snapshot ??= {
      replays: new Map(
        [...this.#orders.values()]
          .toSorted((a, b) => a.startedAtMs - b.startedAtMs || (a.id < b.id ? -1 : 1))
          .map((order) => [order.id, this.#viewOf(order)]),
      ),
      replayedCommands: new Map(this.#replayedCommands),
      olderVersion: new Map(this.#olderVersion),
    });
  }

  #viewOf(order: ReplayOrder): ReplayView {
    const commands = new Map<number, CommandsProgress>();
    for (const [partition, { replays }] of this.#replayedCommands) {
      const progress = replays[order.id];
      if (progress !== undefined) commands.set(partition, progress);
    }
    return {
      order,
      mapper: new Map(this.#mapper.get(order.id)),
      dispatcher: new Map(this.#dispatcher.get(order.id)),
      commands,
    };
  }

  #keepReplayedCommands(partition: number, read: ReplayedCommandsProgress): void {
    const known = this.#replayedCommands.get(partition);
    // Offsets of a topic that was created again begin at 0: they cannot be compared with those of the one before.
    const isOfSameTopic = known?.topicId === read.topicId;
    this.#replayedCommands.set(partition, isOfSameTopic ? furtherOf(known, read) : read);
  }

  #remove(key: ReplayKey): void {
    switch (key.kind) {
      case 'order':
        this.#orders.delete(key.id);
        break;
      case 'mapper-progress':
        this.#mapper.get(key.id)?.delete(key.partition);
        break;
      case 'dispatcher-progress':
        this.#dispatcher.get(key.id)?.delete(key.partition);
        break;
      case 'replayed-commands':
        this.#replayedCommands.delete(key.partition);
        break;
    }
  }
}

function keepFurther<Progress extends MapperProgress | DispatcherProgress>(
  all: Map<string, Map<number, Progress>>,
  id: string,
  partition: number,
  read: Progress,
): void {
  const ofReplay = all.get(id) ?? new Map<number, Progress>();
  const known = ofReplay.get(partition);
  const further = furtherOf(known, read);
  // A former owner that wrote late may be further, and has not heard of the pause that the present one obeys.
  const obeysMs = Math.max(read.obeysMs, known?.obeysMs ?? read.obeysMs);
  all.set(id, ofReplay.set(partition, further.obeysMs === obeysMs ? further : { ...further, obeysMs }));
}
