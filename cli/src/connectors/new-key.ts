/** Where the key of a connector comes from when it is set up or rotated. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { resolveKeyFile, type KeySource } from '@astrolabe/service-kit';
import { UsageError } from '../exit-codes.ts';

export interface KeyFlags {
  readonly keyEnv?: string;
  readonly keyFile?: string;
}

export interface NewKey {
  readonly source: KeySource;
  /** Known where it was made here; to be shown once. */
  readonly generated: string | undefined;
}

/** 192 bits. */
const KEY_BYTES = 24;

/**
 * A reference to the key that `--key-env` or `--key-file` names, or a new random one. A key file that does not exist yet is written, for its
 * owner only, and then the key stands in no other place.
 */
export async function provideKey(connectorsPath: string, id: string, { keyEnv, keyFile }: KeyFlags): Promise<NewKey> {
  if (keyEnv !== undefined && keyFile !== undefined) {
    throw new UsageError('A key comes from --key-env or from --key-file, not from both.');
  }
  if (keyEnv !== undefined) return { source: { env: keyEnv }, generated: undefined };
  const key = `${id}_${randomBytes(KEY_BYTES).toString('base64url')}`;
  if (keyFile === undefined) return { source: key, generated: key };
  const path = resolveKeyFile(connectorsPath, keyFile);
  try {
    await writeFile(path, `${key}\n`, { mode: 0o600, flag: 'wx' });
    return { source: { file: keyFile }, generated: key };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    await readFile(path);
    return { source: { file: keyFile }, generated: undefined };
  }
}
