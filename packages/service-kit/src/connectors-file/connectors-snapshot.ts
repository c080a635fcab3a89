/**
 * What the connectors file and the files of its keys hold at one moment. Keys in the environment cannot change while a
 * process runs.
 */
import { dirname, resolve } from 'node:path';
import { parseConnectorsFile, type KeySource, type ParsedConnectorsFile } from './connectors-file.ts';
import { errorMessage } from '../errors/errors.ts';

/** Text of a file, or why it cannot be read. */
export type FileContent =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'unreadable'; readonly reason: string };

export interface ConnectorsSnapshot {
  /** Of the connectors file. */
  readonly path: string;
  readonly content: FileContent;
  /** Undefined if the file cannot be read. */
  readonly parsed: ParsedConnectorsFile | undefined;
  /** By resolved path. */
  readonly keyFiles: ReadonlyMap<string, FileContent>;
}

/**
 * Whether keys and secrets are looked up. A service without calls and senders leaves them unread, so that it needs
 * neither the variables nor the files with them.
 */
export type ConnectorKeys = 'read' | 'unread';

/** UTF-8 text of a file; rejects if it cannot be read. */
export type ReadText = (path: string) => Promise<string>;

/** Reads the file and those it refers to. `previous` saves parsing an unchanged text. */
export async function readConnectorsSnapshot(
  path: string,
  readText: ReadText,
  previous?: ConnectorsSnapshot,
  keys: ConnectorKeys = 'read',
): Promise<ConnectorsSnapshot> {
  const content = await readContent(path, readText);
  const parsed =
    previous !== undefined && isSameContent(previous.content, content) ? previous.parsed : parseContent(content);
  const paths = parsed?.kind === 'parsed' && keys === 'read' ? keyFilePaths(path, parsed) : [];
  const keyFiles = new Map<string, FileContent>();
  for (const keyPath of paths) keyFiles.set(keyPath, await readContent(keyPath, readText));
  return { path, content, parsed, keyFiles };
}

/** Whether two moments held the same text in the same files. */
export function isSameSnapshot(a: ConnectorsSnapshot, b: ConnectorsSnapshot): boolean {
  if (!isSameContent(a.content, b.content) || a.keyFiles.size !== b.keyFiles.size) return false;
  return [...a.keyFiles].every(([path, content]) => {
    const other = b.keyFiles.get(path);
    return other !== undefined && isSameContent(content, other);
  });
}

/** Where the file of a key is: relative paths start at the folder of the connectors file. */
export function resolveKeyFile(connectorsPath: string, keyPath: string): string {
  return resolve(dirname(connectorsPath), keyPath);
}

async function readContent(path: string, readText: ReadText): Promise<FileContent> {
  try {
    return { kind: 'text', text: await readText(path) };
  } catch (error) {
    return { kind: 'unreadable', reason: errorMessage(error) };
  }
}

function parseContent(content: FileContent): ParsedConnectorsFile | undefined {
  return content.kind === 'text' ? parseConnectorsFile(content.text) : undefined;
}

function isSameContent(a: FileContent, b: FileContent): boolean {
  if (a.kind === 'text') return b.kind === 'text' && a.text === b.text;
  return b.kind === 'unreadable' && a.reason === b.reason;
}

function keyFilePaths(path: string, { file }: ParsedConnectorsFile & { kind: 'parsed' }): ReadonlySet<string> {
  const sources = file.connectors.flatMap(({ apiKey, writeKeys, webhookSecret }): (KeySource | undefined)[] => [
    apiKey,
    ...writeKeys,
    webhookSecret,
  ]);
  const paths = new Set<string>();
  for (const source of sources) {
    if (typeof source === 'object' && 'file' in source) paths.add(resolveKeyFile(path, source.file));
  }
  return paths;
}
