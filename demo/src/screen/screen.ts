/** What the programs show: lines, and below them on a terminal one line that says what is waited for. */
import { styleText } from 'node:util';
import type { StackProgress } from '@astrolabe/testkit';

export interface Screen {
  /** Prints a line. */
  line(text?: string): void;
  /**
   * A step that takes time began, goes on or ended. Steps may overlap. Without a terminal each is a line when it has
   * ended.
   */
  progress(progress: StackProgress): void;
  /**
   * Something short is waited for, until the returned function is called. Without a terminal it is only named when it
   * takes long.
   */
  waiting(what: string): () => void;
  /** Emphasis; plain text where colours are off. */
  readonly style: Readonly<Record<Style, (text: string) => string>>;
  /** Takes the waiting line away. Nothing is drawn afterwards until the next `line` or `progress`. */
  close(): void;
}

export interface ScreenOptions {
  readonly write: (text: string) => void;
  /** Whether a line can be drawn over. */
  readonly isTerminal: boolean;
  readonly colours: boolean;
  /** Asked at each drawing, since windows change their size. */
  readonly columns: () => number;
  readonly nowMs: () => number;
}

const styles = { strong: 'bold', faint: 'dim', good: 'green', bad: 'red' } as const;
type Style = keyof typeof styles;

/** How often the waiting line is drawn on a terminal. */
const DRAW_MS = 120;
/** Without a terminal a long step says at this interval that it still runs, so that a log does not look dead. */
const REMINDER_MS = 15_000;
const CLEAR_LINE = '\r\u001b[2K';
const STEP_WIDTH = 34;

/**
 * The screen on a stream. A CI log may claim to be a terminal, but is not treated as one. NO_COLOR is obeyed:
 * https://no-color.org
 */
export function screenOn(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> & { write(text: string): unknown },
  env: NodeJS.ProcessEnv,
): Screen {
  const isTerminal = stream.isTTY && !env.CI && env.TERM !== 'dumb';
  return createScreen({
    write: (text) => stream.write(text),
    isTerminal,
    colours: isTerminal && !env.NO_COLOR,
    columns: () => stream.columns,
    nowMs: () => performance.now(),
  });
}

export function createScreen({ write, isTerminal, colours, columns, nowMs }: ScreenOptions): Screen {
  const style = createStyle(colours);
  const running = new Map<string, { readonly startedAtMs: number; saidAtMs: number }>();
  let drawn = false;
  let timer: NodeJS.Timeout | undefined;

  const clear = (): void => {
    if (drawn) write(CLEAR_LINE);
    drawn = false;
  };
  const draw = (): void => {
    const steps = [...running].map(([step, { startedAtMs }]) => `${step} ${seconds(nowMs() - startedAtMs)}`);
    const text = `  ${steps.join(', ')}`;
    const width = Math.max(20, columns() - 1);
    write(CLEAR_LINE + style.faint(text.length > width ? `${text.slice(0, width - 3)}...` : text));
    drawn = true;
  };
  const remind = (): void => {
    for (const [step, entry] of running) {
      if (nowMs() - entry.saidAtMs < REMINDER_MS) continue;
      entry.saidAtMs = nowMs();
      write(`  ${step.padEnd(STEP_WIDTH)} still under way after ${seconds(nowMs() - entry.startedAtMs)}\n`);
    }
  };
  const stopTimer = (): void => {
    clearInterval(timer);
    timer = undefined;
  };
  const begin = (step: string): void => {
    running.set(step, { startedAtMs: nowMs(), saidAtMs: nowMs() });
    timer ??= setInterval(isTerminal ? draw : remind, isTerminal ? DRAW_MS : REMINDER_MS / 3).unref();
  };
  const end = (step: string): void => {
    running.delete(step);
    if (running.size > 0) return;
    stopTimer();
    clear();
  };
  return {
    style,
    line: (text = '') => {
      clear();
      write(`${text}\n`);
    },
    progress: ({ kind, step, elapsedMs }) => {
      if (kind === 'running') return;
      if (kind === 'started') {
        begin(step);
        return;
      }
      end(step);
      if (!isTerminal) write(`  ${step.padEnd(STEP_WIDTH)} ${seconds(elapsedMs).padStart(6)}\n`);
    },
    waiting: (what) => {
      begin(what);
      return () => end(what);
    },
    close: () => {
      stopTimer();
      running.clear();
      clear();
    },
  };
}

function createStyle(colours: boolean): Screen['style'] {
  const painter = (style: Style) => (text: string) =>
    colours ? styleText(styles[style], text, { validateStream: false }) : text;
  return { strong: painter('strong'), faint: painter('faint'), good: painter('good'), bad: painter('bad') };
}

/** Milliseconds as people read them. */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
