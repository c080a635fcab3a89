/** Progress of what takes longer than a second, on standard error: a bar on a terminal, a line now and then elsewhere. */
import type { Clock } from '@astrolabe/service-kit/clock';
import { formatProgress } from './core/progress-line.ts';
import { visibleLine } from './core/visible-text.ts';

export interface Progress {
  /** Said as often as it changes; shown as often as is of use. */
  update(done: number, known?: { readonly total?: number; readonly share?: number }): void;
  /** Prints a line that stays, above the bar. */
  note(line: string): void;
  /** Takes the bar away. */
  end(): void;
}

export interface ProgressScreen {
  readonly write: (text: string) => void;
  /** Whether a line can be drawn over. */
  readonly isTerminal: boolean;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** What is done by then needs no progress. */
const PATIENCE_MS = 1_000;
const DRAW_MS = 200;
const LINE_MS = 5_000;
const CLEAR_LINE = '\r\u001b[2K';

export function startProgress({ write, isTerminal, clock }: ProgressScreen, label: string, unit: string): Progress {
  const startedAtMs = clock.monotonicMs();
  let shownAtMs = startedAtMs + PATIENCE_MS - (isTerminal ? DRAW_MS : LINE_MS);
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) write(CLEAR_LINE);
    isDrawn = false;
  };
  return {
    update: (done, { total, share } = {}) => {
      const nowMs = clock.monotonicMs();
      if (nowMs - startedAtMs < PATIENCE_MS || nowMs - shownAtMs < (isTerminal ? DRAW_MS : LINE_MS)) return;
      shownAtMs = nowMs;
      const line = formatProgress({ label, unit, done, total, share, elapsedMs: nowMs - startedAtMs }, isTerminal);
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
