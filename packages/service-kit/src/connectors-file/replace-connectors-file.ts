/** Replaces the connectors file, which services watch: at every moment it is completely the old or the new one. */
import { randomBytes } from 'node:crypto';
import { link, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readTextFile } from './connector-files.ts';
import { PipelineError } from '../errors/errors.ts';

/** It may contain keys. */
const PRIVATE_MODE = 0o600;

/**
 * Writes `text` if the file still holds `before` (undefined: if it does not exist yet). Links are followed, the file
 * keeps its mode, and a new one is for its owner only. Rejects with `connectors.invalid` if the file was changed
 * meanwhile: nothing is overwritten.
 */
export async function replaceConnectorsFile(path: string, before: string | undefined, text: string): Promise<void> {
  const target = before === undefined ? path : await realpath(path);
  const draft = join(dirname(target), `.${randomBytes(6).toString('hex')}.connectors`);
  try {
    const file = await open(draft, 'wx', before === undefined ? PRIVATE_MODE : (await stat(target)).mode & 0o777);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (before === undefined) {
      // Unlike a rename, a link never replaces a file that was created meanwhile.
      await link(draft, target);
      return;
    }
    if ((await readTextFile(target)) !== before) throw changedMeanwhile(path);
    await rename(draft, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw changedMeanwhile(path);
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

function changedMeanwhile(path: string): PipelineError {
  const message = `${path} was changed by somebody else at the same time; nothing was written, so try it again`;
  return new PipelineError('connectors.invalid', message, { retryable: true, details: { path } });
}
