import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FileLockOptions {
  /** A holder touches the file every `heartbeatMs`; one that has not for `staleMs` is taken for dead. */
  readonly heartbeatMs?: number;
  readonly staleMs?: number;
}

const RETRY_MS = 100;

/**
 * Runs `work` while holding the lock file `path`, which is waited for. A holder that was killed is recognised by the
 * age of its file rather than by its pid, since the folder may be shared between containers.
 *
 * It saves work, it does not guard data: two processes that find the same dead holder may both get in, so what `work`
 * does must be safe for two at once.
 */
export async function withFileLock<T>(
  path: string,
  { heartbeatMs = 1_000, staleMs = 10_000 }: FileLockOptions,
  work: () => Promise<T>,
): Promise<T> {
  const token = randomUUID();
  while (!(await tryCreate(path, token))) {
    const ageMs = await ageOf(path);
    if (ageMs !== undefined && ageMs > staleMs) await rm(path, { force: true });
    else await sleep(RETRY_MS);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    const holder = await readFile(path, 'utf8').catch(() => undefined);
    if (holder === token) await rm(path, { force: true });
  }
}

async function tryCreate(path: string, token: string): Promise<boolean> {
  try {
    await writeFile(path, token, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function ageOf(path: string): Promise<number | undefined> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  }
}
