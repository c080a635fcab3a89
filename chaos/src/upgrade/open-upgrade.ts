/** From a revision's name to a folder that its services can be started from. */
import { realpath } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { checkOut, type CheckedOut } from './check-out.ts';
import { findRevisions, type FoundRevisions } from './find-revisions.ts';
import { gitIn } from './git.ts';
import type { UpgradeTitles } from './upgrade-report.ts';

export type OpenedUpgrade =
  | ({ readonly kind: 'open'; readonly titles: UpgradeTitles } & CheckedOut)
  | Exclude<FoundRevisions, { readonly kind: 'found' }>;

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Rejects where the packages of the revision cannot be installed. */
export async function openUpgrade(
  asked: string,
  { env, onProgress }: { readonly env: NodeJS.ProcessEnv; readonly onProgress: (line: string) => void },
): Promise<OpenedUpgrade> {
  const git = gitIn(root, env);
  const isRoot = async (path: string): Promise<boolean> => (await realpath(path)) === (await realpath(root));
  const found = await findRevisions(git, asked, isRoot);
  if (found.kind !== 'found') return found;
  onProgress(`upgrade from ${found.old.title} to ${found.new.title}`);
  const checkedOut = await checkOut({ git, revision: found.old, root, env, onProgress });
  // The name may mean another commit when the run is repeated.
  const titles = { asked: found.old.commit.slice(0, 12), old: found.old.title, new: found.new.title };
  return { kind: 'open', titles, ...checkedOut };
}
