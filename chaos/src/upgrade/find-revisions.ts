/** Which two revisions an upgrade is between, or why there are not two. */
import type { Git } from './git.ts';

export interface FoundRevision {
  /** Full id of the commit. */
  readonly commit: string;
  /** For people: the short id and the subject, and what is not committed. */
  readonly title: string;
}

export type FoundRevisions =
  | { readonly kind: 'found'; readonly old: FoundRevision; readonly new: FoundRevision }
  /** This machine or this copy of the repository cannot tell; another can. */
  | { readonly kind: 'no-history'; readonly reason: string }
  /** The asked one is none that can be upgraded from, wherever it is asked for. */
  | { readonly kind: 'unusable'; readonly reason: string };

/** Those without which there is nothing to start. */
const NEEDED_FILES = ['package-lock.json', 'cli/src/main.ts', 'services/mapper/src/main.ts'];

/**
 * The new one is the tree as it is, with what is not committed. `sameFolder`: whether a path that git gives is the root
 * of this tree, whatever links lead to it.
 */
export async function findRevisions(
  git: Git,
  asked: string,
  sameFolder: (path: string) => Promise<boolean>,
): Promise<FoundRevisions> {
  const missing = await findMissingHistory(git, asked, sameFolder);
  if (missing !== undefined) return missing;
  const commit = await git('rev-parse', '--verify', '--quiet', `${asked}^{commit}`);
  if (commit.kind !== 'done') return unknown(git, asked);
  const oldCommit = commit.text.trim();
  for (const path of NEEDED_FILES) {
    const file = await git('cat-file', '-e', `${oldCommit}:${path}`);
    if (file.kind !== 'done')
      return unusable(`${asked} has no ${path}: its services cannot be started by this program`);
  }
  const newCommit = await textOf(git, 'rev-parse', 'HEAD');
  const changes = (await textOf(git, 'status', '--porcelain')).split('\n').filter((line) => line !== '').length;
  if (newCommit === oldCommit && changes === 0) {
    return unusable(`${asked} is what is checked out, so there is nothing to upgrade to; name an earlier revision`);
  }
  const uncommitted = changes === 0 ? '' : `, with ${changes} ${changes === 1 ? 'path' : 'paths'} not committed`;
  return {
    kind: 'found',
    old: { commit: oldCommit, title: await titleOf(git, oldCommit) },
    new: { commit: newCommit, title: `${await titleOf(git, newCommit)}${uncommitted}` },
  };
}

async function findMissingHistory(
  git: Git,
  asked: string,
  sameFolder: (path: string) => Promise<boolean>,
): Promise<FoundRevisions | undefined> {
  const remedy = `${asked} cannot be checked out. Run this in a clone of the repository.`;
  const top = await git('rev-parse', '--show-toplevel');
  if (top.kind === 'no-program') return noHistory(`there is no git on this machine, so ${remedy}`);
  if (top.kind === 'failed') return noHistory(`git knows no history of this folder (${top.reason}), so ${remedy}`);
  const path = top.text.trim();
  if (!(await sameFolder(path))) {
    return noHistory(`this folder is not a clone, but a part of the repository at ${path}, so ${remedy}`);
  }
  return undefined;
}

async function unknown(git: Git, asked: string): Promise<FoundRevisions> {
  const isShallow = (await textOf(git, 'rev-parse', '--is-shallow-repository')) === 'true';
  if (!isShallow) return unusable(`git knows no revision ${asked}; give a commit, a tag or something like HEAD~1`);
  return noHistory(
    `this clone is shallow and lacks ${asked}. Fetch the rest with "git fetch --unshallow", or clone with a greater depth.`,
  );
}

async function titleOf(git: Git, commit: string): Promise<string> {
  return textOf(git, 'log', '-1', '--format=%h (%s)', commit);
}

/** Where git has answered before about the same, and must again. */
async function textOf(git: Git, ...args: readonly string[]): Promise<string> {
  const answer = await git(...args);
  if (answer.kind === 'done') return answer.text.trim();
  throw new Error(`git ${args.join(' ')} failed: ${answer.kind === 'failed' ? answer.reason : 'git is gone'}`);
}

function noHistory(reason: string): FoundRevisions {
  return { kind: 'no-history', reason };
}

function unusable(reason: string): FoundRevisions {
  return { kind: 'unusable', reason };
}
