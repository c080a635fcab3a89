/** Says what is waited for once it takes longer than a second. */
import type { CommandContext } from './command-context.ts';

const SILENT_MS = 1_000;

/** Returns what ends the wait. */
export function noteSlowWait({ note }: Pick<CommandContext, 'note'>, what: string, silentMs = SILENT_MS): () => void {
  const timer = setTimeout(() => note(`waiting for ${what} ...`), silentMs);
  return () => clearTimeout(timer);
}

export async function withWaitNote<T>(
  context: Pick<CommandContext, 'note'>,
  what: string,
  work: Promise<T>,
  silentMs = SILENT_MS,
): Promise<T> {
  const end = noteSlowWait(context, what, silentMs);
  try {
    return await work;
  } finally {
    end();
  }
}
