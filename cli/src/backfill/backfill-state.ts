/** How far a backfill has come, in a file of its own, so that a second start goes on where the first one ended. */
import { rename, writeFile } from 'node:fs/promises';
import { readTextFile } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';
import { UsageError } from '../exit-codes.ts';
import type { SourceFile } from './find-files.ts';

/** Of one file. `lines` is the sum of the others: every line is accounted for. */
export interface FileCounts {
  readonly lines: number;
  readonly events: number;
  readonly deadLetters: number;
  readonly empty: number;
}

export const noCounts: FileCounts = Object.freeze({ lines: 0, events: 0, deadLetters: 0, empty: 0 });

export interface FileState extends FileCounts {
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  readonly isDone: boolean;
}

interface SavedState {
  readonly connector: string;
  readonly topic: string;
  readonly files: Readonly<Record<string, FileState>>;
}

export interface BackfillState {
  /** What was stored of a file, or nothing where it has changed since: then it is read from its start. */
  stored(file: SourceFile): FileState | undefined;
  /** Kept at once in memory, on disk by `save`. */
  advance(file: SourceFile, counts: FileCounts, isDone: boolean): void;
  save(): Promise<void>;
}

/** Without a path the state lives as long as the process. Throws a `UsageError` for a file that is another backfill's. */
export async function openBackfillState(
  path: string | undefined,
  connector: string,
  topic: string,
): Promise<BackfillState> {
  const files = new Map(Object.entries(path === undefined ? {} : await readState(path, connector, topic)));
  return {
    stored: (file) => {
      const state = files.get(file.path);
      const isSame = state?.sizeBytes === file.sizeBytes && state.modifiedAtMs === file.modifiedAtMs;
      return isSame ? state : undefined;
    },
    advance: ({ path: file, sizeBytes, modifiedAtMs }, counts, isDone) => {
      files.set(file, { sizeBytes, modifiedAtMs, ...counts, isDone });
    },
    save: async () => {
      if (path === undefined) return;
      const state: SavedState = { connector, topic, files: Object.fromEntries(files) };
      await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`);
      await rename(`${path}.new`, path);
    },
  };
}

async function readState(path: string, connector: string, topic: string): Promise<SavedState['files']> {
  let text: string;
  try {
    text = await readTextFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UsageError(`${path} cannot be read: ${errorMessage(error)}`);
  }
  let state: Partial<SavedState>;
  try {
    state = JSON.parse(text) as Partial<SavedState>;
  } catch {
    throw new UsageError(`${path} is no state file of a backfill; name another one, or delete it.`);
  }
  if (state.connector !== connector || state.topic !== topic) {
    throw new UsageError(
      `${path} is the state of a backfill of connector ${state.connector} into ${state.topic}; name another file.`,
    );
  }
  return state.files ?? {};
}
