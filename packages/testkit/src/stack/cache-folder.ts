/** Where downloads are kept from one start to the next. */
import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** `ASTROLABE_CACHE_DIR`, else the XDG cache folder's `astrolabe-pipeline`. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  if (env.ASTROLABE_CACHE_DIR) return env.ASTROLABE_CACHE_DIR;
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'astrolabe-pipeline');
}

/** Why nothing can be fetched into it, with what to do; undefined where it can. Creates nothing. */
export async function findCacheFault(env: NodeJS.ProcessEnv, neededBytes: number): Promise<string | undefined> {
  const folder = cacheDirectory(env);
  const remedy = 'set ASTROLABE_CACHE_DIR to a folder that can be used';
  const existing = await nearestExisting(folder);
  try {
    if (!(await stat(existing)).isDirectory())
      return `downloads go to ${folder}, but ${existing} is not a folder: ${remedy}`;
    await access(existing, constants.W_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return `downloads go to ${folder}, and ${existing} cannot be written (${code}): ${remedy}`;
  }
  const { bavail, bsize } = await statfs(existing);
  const free = bavail * bsize;
  if (free >= neededBytes) return undefined;
  const [freeMb, neededMb] = [free, neededBytes].map((bytes) => Math.floor(bytes / 1_000_000));
  return `downloads go to ${folder}, where ${freeMb} MB are free and ${neededMb} MB are needed: make room, or ${remedy}`;
}

async function nearestExisting(path: string): Promise<string> {
  try {
    await stat(path);
    return path;
  } catch {
    return path === dirname(path) ? path : nearestExisting(dirname(path));
  }
}
