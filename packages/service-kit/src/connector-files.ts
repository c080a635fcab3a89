import { watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { decodeText } from './decode-text.ts';

/** The file system as a `ConnectorSource` uses it. */
export interface ConnectorFiles {
  /**
   * UTF-8 text of a file, links followed. Called at each sign of a change and at each poll, one file at a time. Rejects where the file
   * cannot be read, which counts as its content: the message must be the same as long as the reason is.
   */
  readText(path: string): Promise<string>;
  /**
   * Calls `onEvent` with the name of each entry of the folder that is created, replaced, removed or written, or with undefined where the
   * system does not tell. Too many calls do no harm, and a missed one costs the time until the next poll. Throws, or calls `onEnd`
   * later, where the folder cannot be watched.
   */
  watchFolder(
    folder: string,
    onEvent: (name: string | undefined) => void,
    onEnd: (error: Error) => void,
  ): { close(): void };
}

/** UTF-8 without a byte order mark. Rejects for text in another encoding, naming it. */
export async function readTextFile(path: string): Promise<string> {
  const decoded = decodeText(await readFile(path));
  if (decoded.kind === 'text') return decoded.text;
  throw new Error(`the file is ${decoded.encoding}; save it as UTF-8`);
}

export const systemConnectorFiles: ConnectorFiles = {
  readText: readTextFile,
  watchFolder(folder, onEvent, onEnd) {
    const watcher = watch(folder, { persistent: false }, (_kind, name) => onEvent(name ?? undefined));
    watcher.on('error', onEnd);
    return { close: () => watcher.close() };
  },
};
