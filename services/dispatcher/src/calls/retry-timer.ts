import type { Clock } from '@astrolabe/service-kit/clock';
import { DueQueue } from '../core/due-queue.ts';
import { Alarm } from '../limits/alarm.ts';

export interface RetryTimerOptions<Item> {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called once for each item that was added, when it is due. */
  readonly onDue: (item: Item) => void;
}

/** One timer for the pauses of all commands. */
export class RetryTimer<Item> {
  readonly #options: RetryTimerOptions<Item>;
  readonly #pausing = new DueQueue<Item>();
  readonly #alarm: Alarm;

  constructor(options: RetryTimerOptions<Item>) {
    const { clock, signal } = options;
    this.#options = options;
    this.#alarm = new Alarm({ clock, signal, onRing: () => this.#ring() });
  }

  /** `dueMs` is of the monotonic clock. */
  add(item: Item, dueMs: number): void {
    this.#pausing.add(item, dueMs);
    this.#setAlarm();
  }

  #ring(): void {
    const { clock, onDue } = this.#options;
    const nowMs = clock.monotonicMs();
    for (let due = this.#pausing.take(nowMs); due !== undefined; due = this.#pausing.take(nowMs)) onDue(due);
    this.#setAlarm();
  }

  #setAlarm(): void {
    const dueMs = this.#pausing.nextDueMs;
    if (dueMs !== undefined) this.#alarm.setFor(dueMs);
  }
}
