/**
 * Work at an even pace, whatever becomes of what was begun before: a server that is slow must not slow its measurement
 * down.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export interface PacedOptions {
  readonly perSecond: number;
  readonly seconds: number;
  /** Begins piece `index`; rejects when it did not work. */
  readonly begin: (index: number, dueAtMs: number) => Promise<void>;
}

/** Resolves when every piece is done; rejects when one is not. `dueAtMs` is of `performance.now()`. */
export async function atPace({ perSecond, seconds, begin }: PacedOptions): Promise<void> {
  const startedAtMs = performance.now();
  const pieces: Promise<void>[] = [];
  const count = Math.max(1, Math.round(perSecond * seconds));
  for (let index = 0; index < count; index += 1) {
    const dueAtMs = startedAtMs + (index * 1_000) / perSecond;
    await sleep(Math.max(0, dueAtMs - performance.now()));
    const piece = begin(index, dueAtMs);
    // Heard below, when the last one has begun.
    piece.catch(() => undefined);
    pieces.push(piece);
  }
  await Promise.all(pieces);
}
