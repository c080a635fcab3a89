/**
 * Progress of work that takes longer than a second, on standard error: a bar on a terminal, elsewhere a line now and
 * then.
 */
import type { ProgressSnapshot } from '@astrolabe/operations';
import type { Clock } from '@astrolabe/service-kit/clock';
import { formatProgress } from './core/progress-line.ts';
import { visibleLine } from '@astrolabe/service-kit/terminal';

export interface Progress {
  /** Called as often as it changes; shown now and then. */
  update(progress: ProgressSnapshot): void;
  /** Prints a line above the bar that is not removed. */
  note(line: string): void;
  /** Removes the bar. */
  end(): void;
}

export interface ProgressScreen {
  readonly write: (text: string) => void;
  /** Whether a line can be overwritten. */
  readonly isTerminal: boolean;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Work that ends within this time shows no progress. */
const QUIET_MS = 1_000;
const DRAW_MS = 200;
const LINE_MS = 5_000;
const CLEAR_LINE = '\r\u001b[2K';

export function startProgress({ write, isTerminal, clock }: ProgressScreen, label: string, unit: string): Progress {
  const startedAtMs = clock.monotonicMs();
  let shownAtMs = startedAtMs + QUIET_MS - (isTerminal ? DRAW_MS : LINE_MS);
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) write(CLEAR_LINE);
    isDrawn = false;
  };
  return {
    update: ({ done, total, share, before }) => {
      const nowMs = clock.monotonicMs();
      if (nowMs - startedAtMs < QUIET_MS || nowMs - shownAtMs < (isTerminal ? DRAW_MS : LINE_MS)) return;
      shownAtMs = nowMs;
      const line = formatProgress(
        { label, unit, done, total, share, before, elapsedMs: nowMs - startedAtMs },
        isTerminal,
      );
      clear();
      write(isTerminal ? line : `${line}\n`);
      isDrawn = isTerminal;
    },
    note: (line) => {
      clear();
      write(`${visibleLine(line)}\n`);
    },
    end: clear,
  };
}
