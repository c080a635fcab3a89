/**
 * What every verb is given: its configuration's source, where it prints, who can answer questions, and when to stop.
 */
import type { Environment } from '@astrolabe/service-kit';
import type { Clock } from '@astrolabe/service-kit/clock';
import { visibleLine } from '@astrolabe/service-kit/terminal';
import { UsageError, type ExitCode } from './exit-codes.ts';
import type { CommandOutput } from './output.ts';
import { startProgress, type Progress } from './progress.ts';

/** A person at a keyboard. */
export interface Terminal {
  /** Shows the question and resolves with the line that is typed, without its end. */
  ask(question: string): Promise<string>;
  /** The same for a secret: what is typed is not shown. */
  askSecret(question: string): Promise<string>;
}

export interface CommandContext {
  readonly env: Environment;
  readonly output: CommandOutput;
  /** Undefined without a terminal: the command then asks no questions. */
  readonly terminal: Terminal | undefined;
  readonly clock: Clock;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** A line on standard error, for people; results go to `output`. */
  note(line: string): void;
  startProgress(label: string, unit: string): Progress;
}

/** Makes a commander action of a verb: builds its context and keeps its exit code. */
export type Act = (
  verb: (context: CommandContext, flags: never, ...operands: never[]) => Promise<ExitCode>,
) => (...given: unknown[]) => Promise<void>;

export interface CommandStreams {
  readonly stderr: (text: string) => void;
  readonly isTerminal: boolean;
}

export function progressOn({ stderr, isTerminal }: CommandStreams, clock: Clock): CommandContext['startProgress'] {
  return (label, unit) => startProgress({ write: stderr, isTerminal, clock }, label, unit);
}

export interface Agreement {
  readonly execute?: boolean;
  readonly yes?: boolean;
  /** The flag that stands for a yes here. Default `--execute`. */
  readonly needs?: '--execute' | '--yes';
}

/**
 * Agreement to a change: `--execute` or `--yes`, or a yes at the terminal. Throws a `UsageError` without a terminal, so
 * that a script that forgot the flag does not mistake the plan for the change. Returns false for a no.
 */
export async function isAgreed(
  { terminal, note }: Pick<CommandContext, 'terminal' | 'note'>,
  { execute, yes, needs = '--execute' }: Agreement,
  question: string,
): Promise<boolean> {
  if (execute === true || yes === true) return true;
  if (terminal === undefined) {
    throw new UsageError(`${question} No terminal to confirm on; nothing changed. Re-run with ${needs}.`);
  }
  const answer = (await terminal.ask(visibleLine(`${question} [y/N] `))).trim().toLowerCase();
  if (answer === 'y' || answer === 'yes') return true;
  note('Nothing was changed.');
  return false;
}
