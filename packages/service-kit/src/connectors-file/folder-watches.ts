import { basename, dirname } from 'node:path';
import type { ConnectorFiles } from './connector-files.ts';
import type { Logger } from '../logs/logger.ts';

interface FolderWatch {
  /** Names of the files in this folder that matter. */
  names: ReadonlySet<string>;
  readonly close: () => void;
}

/**
 * Watches files by their folders: after a file is replaced, a watch of the file itself still watches the old one. A
 * folder that cannot be watched is logged once and left to the poll.
 */
export class FolderWatches {
  readonly #files: Pick<ConnectorFiles, 'watchFolder'>;
  readonly #onEvent: () => void;
  readonly #logger: Logger;
  readonly #watches = new Map<string, FolderWatch>();
  readonly #unwatchable = new Set<string>();

  constructor(files: Pick<ConnectorFiles, 'watchFolder'>, onEvent: () => void, logger: Logger) {
    this.#files = files;
    this.#onEvent = onEvent;
    this.#logger = logger;
  }

  /** Watches these files from now on and no others. */
  watch(paths: Iterable<string>): void {
    const namesByFolder = new Map<string, Set<string>>();
    for (const path of paths) {
      const names = namesByFolder.get(dirname(path)) ?? new Set();
      namesByFolder.set(dirname(path), names.add(basename(path)));
    }
    for (const folder of [...this.#watches.keys()]) if (!namesByFolder.has(folder)) this.#drop(folder);
    for (const [folder, names] of namesByFolder) {
      const present = this.#watches.get(folder);
      if (present === undefined) this.#open(folder, names);
      else present.names = names;
    }
  }

  close(): void {
    for (const folder of [...this.#watches.keys()]) this.#drop(folder);
  }

  #open(folder: string, names: ReadonlySet<string>): void {
    try {
      const { close } = this.#files.watchFolder(
        folder,
        (name) => {
          if (isOf(watch.names, name)) this.#onEvent();
        },
        (error) => {
          this.#drop(folder);
          this.#reportUnwatchable(folder, error);
        },
      );
      const watch: FolderWatch = { names, close };
      this.#watches.set(folder, watch);
      this.#unwatchable.delete(folder);
    } catch (error) {
      this.#reportUnwatchable(folder, error);
    }
  }

  #drop(folder: string): void {
    this.#watches.get(folder)?.close();
    this.#watches.delete(folder);
  }

  #reportUnwatchable(folder: string, err: unknown): void {
    if (this.#unwatchable.has(folder)) return;
    this.#unwatchable.add(folder);
    this.#logger.warn({ err, folder }, 'the folder cannot be watched; changes in it take effect some seconds late');
  }
}

/** Kubernetes changes the files of a ConfigMap by replacing the link `..data` beside them. */
function isOf(names: ReadonlySet<string>, name: string | undefined): boolean {
  return name === undefined || name.startsWith('..') || names.has(name);
}
