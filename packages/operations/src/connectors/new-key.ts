/** Where the key of a connector comes from when it is set up or rotated. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { resolveKeyFile, type KeySource } from '@astrolabe/service-kit';

export type KeyRequest =
  /** A new random key, written into the connectors file. */
  | { readonly kind: 'generate' }
  /** The key is in this environment variable of the services. */
  | { readonly kind: 'env'; readonly name: string }
  /** The key is in this file; a new random key is written there if the file does not exist. */
  | { readonly kind: 'file'; readonly path: string };

export interface NewKey {
  readonly source: KeySource;
  /** Known where it was made here; to be shown once. */
  readonly generated: string | undefined;
}

/** 192 bits. */
const KEY_BYTES = 24;

/** A key file is written with access for its owner only, and the key is stored nowhere else. */
export async function provideKey(connectorsPath: string, id: string, request: KeyRequest): Promise<NewKey> {
  if (request.kind === 'env') return { source: { env: request.name }, generated: undefined };
  const key = `${id}_${randomBytes(KEY_BYTES).toString('base64url')}`;
  if (request.kind === 'generate') return { source: key, generated: key };
  const path = resolveKeyFile(connectorsPath, request.path);
  try {
    await writeFile(path, `${key}\n`, { mode: 0o600, flag: 'wx' });
    return { source: { file: request.path }, generated: key };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // Fails here, before anything depends on it, where the file cannot be read.
    await readFile(path);
    return { source: { file: request.path }, generated: undefined };
  }
}
