import { createWriteStream } from 'node:fs';

/** A file that grows by lines. */
export interface LogFile {
  readonly path: string;
  append(line: string): void;
  close(): Promise<void>;
}

/** Appends to what is there. A file that cannot be written is given up: logs must not end what they describe. */
export function openLogFile(path: string): LogFile {
  const stream = createWriteStream(path, { flags: 'a' });
  stream.on('error', () => undefined);
  return {
    path,
    append: (line) => {
      if (stream.writable) stream.write(`${line}\n`);
    },
    close: () => (stream.writable ? new Promise((resolve) => stream.end(() => resolve())) : Promise.resolve()),
  };
}
