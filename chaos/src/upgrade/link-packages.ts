/** Lets a second tree with the same lock file use the packages that are installed for the first. */
import { mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

const MODULES = 'node_modules';

/**
 * Each installed package is linked. Packages of the workspaces are links already; theirs are made as those of `from`
 * are, and so lead to the second tree's own sources.
 */
export async function linkPackages(from: string, to: string): Promise<void> {
  const workspaces = await linkModules(join(from, MODULES), join(to, MODULES));
  for (const workspace of workspaces) {
    const path = relative(from, workspace);
    await linkModules(join(workspace, MODULES), join(to, path, MODULES));
  }
}

/** Folders of the workspaces that are linked there. A folder that does not exist has no packages. */
async function linkModules(from: string, to: string): Promise<readonly string[]> {
  const workspaces: string[] = [];
  for (const entry of await entriesOf(from)) {
    if (entry.name.startsWith('.')) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isSymbolicLink()) {
      const link = await readlink(source);
      await mkdir(to, { recursive: true });
      await symlink(link, target);
      workspaces.push(join(dirname(source), link));
    } else if (entry.name.startsWith('@')) {
      workspaces.push(...(await linkModules(source, target)));
    } else {
      await mkdir(to, { recursive: true });
      await symlink(source, target);
    }
  }
  return workspaces;
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
