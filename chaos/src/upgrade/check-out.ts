/** Makes a folder in which the services of another revision can be started. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { guardian } from '@astrolabe/testkit';
import type { FoundRevision } from './find-revisions.ts';
import type { Git } from './git.ts';
import { linkPackages } from './link-packages.ts';

export interface CheckOutOptions {
  readonly git: Git;
  readonly revision: FoundRevision;
  /** The tree that runs this, installed. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (line: string) => void;
}

export interface CheckedOut {
  /** The root of its tree; ends in a slash. */
  readonly folder: URL;
  /** Removes it. */
  close(): Promise<void>;
}

const run = promisify(execFile);
const LOCK_FILE = 'package-lock.json';
const INSTALL_TIMEOUT_MS = 600_000;
const MAX_OUTPUT_BYTES = 16 * 1_048_576;

/**
 * Where both revisions have the same lock file, the installed packages of this one serve both. Rejects with what npm
 * says where those of the other cannot be installed; nothing is left behind then.
 */
export async function checkOut({ git, revision, root, env, onProgress }: CheckOutOptions): Promise<CheckedOut> {
  const temporary = await mkdtemp(join(tmpdir(), 'astrolabe-upgrade-'));
  const forget = await (await guardian()).watch({ paths: [temporary] });
  const close = async (): Promise<void> => {
    await rm(temporary, { recursive: true, force: true });
    await forget();
  };
  try {
    const folder = join(temporary, 'old');
    await mkdir(folder);
    await unpack(git, revision, temporary, folder);
    const [ours, theirs] = await Promise.all([root, folder].map((each) => readFile(join(each, LOCK_FILE), 'utf8')));
    if (ours === theirs) {
      await linkPackages(root, folder);
    } else {
      onProgress(`installing the packages of ${revision.title}, whose ${LOCK_FILE} differs`);
      await install(folder, env);
    }
    return { folder: pathToFileURL(`${folder}/`), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function unpack(git: Git, { commit }: FoundRevision, temporary: string, folder: string): Promise<void> {
  const archive = join(temporary, 'old.tar');
  const made = await git('archive', '--format=tar', `--output=${archive}`, commit);
  if (made.kind !== 'done') throw new Error(`git archive ${commit} failed: ${JSON.stringify(made)}`);
  await run('tar', ['-xf', archive, '-C', folder]);
  await rm(archive);
}

/** What services and the command line need; no package of theirs needs its scripts run. */
async function install(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const args = ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  const options = { cwd: folder, env: ownNpm(env), timeout: INSTALL_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  await run('npm', args, { ...options, shell: process.platform === 'win32' });
}

/** Without what `npm run` tells its scripts of the package that they are of: npm would take it for its own. */
export function ownNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isOfTheCaller = (name: string): boolean =>
    /^npm_(package|lifecycle|command|config_local_prefix|config_prefix)/.test(name) || name === 'INIT_CWD';
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isOfTheCaller(name)));
}
