import type { KeyRequest } from '@astrolabe/operations';
import { UsageError } from '../exit-codes.ts';

export interface KeyFlags {
  readonly keyEnv?: string;
  readonly keyFile?: string;
}

export function keyRequest({ keyEnv, keyFile }: KeyFlags): KeyRequest {
  if (keyEnv !== undefined && keyFile !== undefined) {
    throw new UsageError('Use only one of --key-env and --key-file.');
  }
  if (keyEnv !== undefined) return { kind: 'env', name: keyEnv };
  return keyFile === undefined ? { kind: 'generate' } : { kind: 'file', path: keyFile };
}
