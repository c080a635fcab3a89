/** Volumes as the kubelet mounts them: files behind links, of which one is replaced to change all of them at once. */
import { mkdir, mkdtemp, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { PodSpec, Volume } from '../chart/manifests.ts';
import { secretValue, type Secrets } from './pod-environment.ts';

/** What the kubelet calls the link to the files in effect. */
const DATA = '..data';

/** Makes every mount of the pod below `root`. Called again, it changes the files of those that come from Secrets. */
export async function mountVolumes({ containers, initContainers, volumes }: PodSpec, root: string, secrets: Secrets) {
  for (const { name, mountPath } of [...(initContainers ?? []), ...containers].flatMap((each) => each.volumeMounts)) {
    const volume = volumes?.find((each) => each.name === name);
    if (volume === undefined) throw new Error(`${mountPath} is mounted from ${name}, which is not a volume of the pod`);
    const folder = join(root, mountPath);
    await mkdir(folder, { recursive: true });
    if (volume.emptyDir === undefined) await writeAtOnce(folder, filesOf(volume, secrets));
  }
}

/** By path below the mount. */
function filesOf({ name, secret, projected }: Volume, secrets: Secrets): ReadonlyMap<string, string> {
  const sources =
    secret === undefined
      ? (projected?.sources ?? []).map((source) => source.secret)
      : [{ name: secret.secretName, items: secret.items }];
  if (sources.length === 0) throw new Error(`the volume ${name} has no source that is known here`);
  return new Map(
    sources.flatMap((source) => {
      if (source === undefined) throw new Error(`the volume ${name} has a source other than a Secret`);
      const all = Object.keys(secrets.get(source.name) ?? {}).map((key) => ({ key, path: key }));
      return (source.items ?? all).map(({ key, path }) => [path, secretValue(secrets, source.name, key)] as const);
    }),
  );
}

async function writeAtOnce(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  const before = await readlink(join(folder, DATA)).catch(() => undefined);
  const next = await mkdtemp(`${folder}/${DATA}-`);
  for (const [path, content] of files) {
    await mkdir(dirname(join(next, path)), { recursive: true });
    await writeFile(join(next, path), content, { mode: 0o440 });
  }
  await symlink(basename(next), join(folder, `${DATA}_tmp`));
  await rename(join(folder, `${DATA}_tmp`), join(folder, DATA));
  for (const top of new Set([...files.keys()].map((path) => path.split('/')[0] ?? path))) {
    await symlink(join(DATA, top), join(folder, top)).catch(ignoreExisting);
  }
  if (before !== undefined) await rm(join(folder, before), { recursive: true });
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
