/** How far a backfill has come, in a file of its own, so that a later run resumes where the first one ended. */
import { rename, writeFile } from 'node:fs/promises';
import { readTextFile } from '@astrolabe/service-kit';
import { errorMessage } from '@astrolabe/service-kit/errors';
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
  /** What was stored of a file; undefined where it has changed since: then it is read from its start. */
  stored(file: SourceFile): FileState | undefined;
  /** Kept in memory at once, and on disk by `save`. */
  advance(file: SourceFile, counts: FileCounts, isDone: boolean): void;
  save(): Promise<void>;
}

export type OpenedState =
  | { readonly kind: 'state'; readonly state: BackfillState }
  | { readonly kind: 'unreadable-state'; readonly path: string; readonly reason: string }
  | { readonly kind: 'not-a-state'; readonly path: string }
  /** The state of a backfill of another connector, or into another topic. */
  | { readonly kind: 'other-backfill'; readonly path: string; readonly connector: string; readonly topic: string };

/** Without a path the state lives as long as the process. */
export async function openBackfillState(
  path: string | undefined,
  connector: string,
  topic: string,
): Promise<OpenedState> {
  if (path === undefined) return { kind: 'state', state: createState(undefined, { connector, topic, files: {} }) };
  const read = await readState(path, connector, topic);
  return read.kind === 'saved' ? { kind: 'state', state: createState(path, read.saved) } : read;
}

function createState(path: string | undefined, { connector, topic, files: saved }: SavedState): BackfillState {
  const files = new Map(Object.entries(saved));
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

async function readState(
  path: string,
  connector: string,
  topic: string,
): Promise<{ readonly kind: 'saved'; readonly saved: SavedState } | Exclude<OpenedState, { kind: 'state' }>> {
  let text: string;
  try {
    text = await readTextFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return { kind: 'saved', saved: { connector, topic, files: {} } };
    }
    return { kind: 'unreadable-state', path, reason: errorMessage(error) };
  }
  const saved = parseState(text);
  if (saved === undefined) return { kind: 'not-a-state', path };
  if (saved.connector === connector && saved.topic === topic) return { kind: 'saved', saved };
  return { kind: 'other-backfill', path, connector: saved.connector, topic: saved.topic };
}

function parseState(text: string): SavedState | undefined {
  try {
    const { connector, topic, files } = JSON.parse(text) as Partial<SavedState>;
    if (typeof connector !== 'string' || typeof topic !== 'string' || typeof files !== 'object') return undefined;
    return { connector, topic, files };
  } catch {
    return undefined;
  }
}
