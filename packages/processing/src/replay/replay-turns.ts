/**
 * What the replays of all partitions of a process may do together, so that live records of any of them do not feel it:
 * one step of work in a turn of the event loop, and one bounded chunk of records that are worked on and not stored yet.
 * The first to ask goes first. At rest it does nothing.
 */
import type { Clock } from '@astrolabe/service-kit/clock';
import { chunkBound, type ChunkBound } from '@astrolabe/replay';

export interface TurnTaker {
  /** It may make one step. */
  granted(): void;
  /** The chunk of the process is full: what the taker has of it is to be written. It keeps its place. */
  refused(): void;
}

export interface ReplayTurnsOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** How large a chunk may be, by the time since live records came. Default: `chunkBound`. */
  readonly boundAfter?: (sinceLiveMs: number) => ChunkBound;
}

export class ReplayTurns {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #boundAfter: (sinceLiveMs: number) => ChunkBound;
  readonly #waiting = new Set<TurnTaker>();
  #liveAtMs = Number.NEGATIVE_INFINITY;
  #records = 0;
  #bytes = 0;
  #isDue = false;

  constructor({ clock, boundAfter = chunkBound }: ReplayTurnsOptions) {
    this.#clock = clock;
    this.#boundAfter = boundAfter;
  }

  liveCame(): void {
    this.#liveAtMs = this.#clock.monotonicMs();
  }

  /** Granted or refused in a later turn of the event loop. */
  request(taker: TurnTaker): void {
    this.#waiting.add(taker);
    this.#come();
  }

  withdraw(taker: TurnTaker): void {
    this.#waiting.delete(taker);
  }

  /** How many records more may be worked on. */
  room(): number {
    const { records, bytes } = this.#boundAfter(this.#clock.monotonicMs() - this.#liveAtMs);
    return this.#bytes < bytes ? Math.max(0, records - this.#records) : 0;
  }

  took(records: number, bytes: number): void {
    this.#records += records;
    this.#bytes += bytes;
  }

  gaveBack(records: number, bytes: number): void {
    this.#records -= records;
    this.#bytes -= bytes;
    if (this.#waiting.size > 0) this.#come();
  }

  #come(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#next();
    });
  }

  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    if (this.room() === 0) {
      // Asked for again once something is given back: until then there is nothing to do.
      for (const taker of [...this.#waiting]) taker.refused();
      return;
    }
    this.#waiting.delete(first);
    first.granted();
    if (this.#waiting.size > 0) this.#come();
  }
}
