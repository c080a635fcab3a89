/** Asks git about the repository of this tree. */
import { execFile } from 'node:child_process';

export type GitAnswer =
  | { readonly kind: 'done'; readonly text: string }
  /** `reason`: what git printed. */
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'no-program' };

/** The arguments of one `git`. Never rejects. */
export type Git = (...args: readonly string[]) => Promise<GitAnswer>;

/** A lock file is a few hundred KiB. */
const MAX_OUTPUT_BYTES = 64 * 1_048_576;

/** In a hook of git these name the repository that the hook is of, and its index. */
const HOOK_VARIABLES = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_PREFIX'];

/** `environment`: that of this process. */
export function gitIn(folder: string, environment: NodeJS.ProcessEnv): Git {
  const kept = Object.entries(environment).filter(([name]) => !HOOK_VARIABLES.includes(name));
  const env = { ...Object.fromEntries(kept), LC_ALL: 'C' };
  return (...args) =>
    new Promise((resolve) => {
      execFile('git', args, { cwd: folder, env, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
        if (error === null) resolve({ kind: 'done', text: stdout });
        else if (error.code === 'ENOENT') resolve({ kind: 'no-program' });
        else resolve({ kind: 'failed', reason: stderr.trim() || error.message });
      });
    });
}
