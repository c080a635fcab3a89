import { randomBytes } from 'node:crypto';

/** `prefix-` and ten random hex digits: topics, groups and ids of one test never meet those of another. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}
