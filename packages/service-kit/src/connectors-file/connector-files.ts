import { constants, watch } from 'node:fs';
import { open } from 'node:fs/promises';
import { decodeText } from './decode-text.ts';

/** The file system as a `ConnectorSource` uses it. */
export interface ConnectorFiles {
  /**
   * UTF-8 text of a file, links followed. Called at each sign of a change and at each poll, one file at a time. Rejects
   * if the file cannot be read. The rejection counts as its content, so the message must be the same as long as the
   * reason is.
   */
  readText(path: string): Promise<string>;
  /**
   * Calls `onEvent` with the name of each entry of the folder that is created, replaced, removed or written, or with
   * undefined if the system does not tell. Too many calls are harmless, and a missed one costs the time until the next
   * poll. Throws, or calls `onEnd` later, if the folder cannot be watched.
   */
  watchFolder(
    folder: string,
    onEvent: (name: string | undefined) => void,
    onEnd: (error: Error) => void,
  ): { close(): void };
}

/** A connectors file of ten thousand connectors has about 4 MB. */
const MAX_FILE_BYTES = 16_777_216;
const SPARE_BYTES = 65_536;

/**
 * UTF-8 text of a regular file, links followed, without a byte order mark; text in another encoding is refused by its
 * name. Rejects anything else: reading a pipe or a device would block forever, and with it the reload of connectors and
 * the end of the process. Rejects files of more than 16 MiB as well.
 */
export async function readTextFile(path: string): Promise<string> {
  // Without O_NONBLOCK even opening a pipe blocks until there is a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw new Error(`${path} is a folder; name a file`);
    if (!stats.isFile()) throw new Error(`${path} is not a regular file but a pipe, a device or a socket; name a file`);
    if (stats.size > MAX_FILE_BYTES) throw new Error(`${path} has more than ${MAX_FILE_BYTES} bytes`);
    // Some files, such as those of /proc, report 0 bytes and hold more.
    const bytes = Buffer.alloc(Math.min(MAX_FILE_BYTES + 1, stats.size * 2 + SPARE_BYTES));
    let length = 0;
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
      length += bytesRead;
      if (bytesRead === 0) return textOf(bytes.subarray(0, length));
      if (length === bytes.length) throw new Error(`${path} has more bytes than it said; it is being written`);
    }
  } finally {
    await file.close();
  }
}

function textOf(bytes: Buffer): string {
  const decoded = decodeText(bytes);
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
