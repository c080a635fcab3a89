/** The chart, rendered by Helm with the values of an installation. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { chartFolder } from '../chart/chart-files.ts';
import { readManifests, type Manifest, type PodSpec } from '../chart/manifests.ts';

export const RELEASE = 'astrolabe';
export const NAMESPACE = 'astrolabe';

export interface RenderOptions {
  /** Path of the program. */
  readonly helm: string;
  readonly values: object;
  /** Where the file with the values goes. */
  readonly folder: string;
}

/** Rejects with what Helm says, which includes what the schema of the values and the chart's own checks refuse. */
export async function renderChart({ helm, values, folder }: RenderOptions): Promise<readonly Manifest[]> {
  const file = join(folder, 'values.yaml');
  await writeFile(file, stringify(values));
  const args = ['template', RELEASE, chartFolder, '--namespace', NAMESPACE, '--values', file];
  const { stdout } = await promisify(execFile)(helm, args, { maxBuffer: 64 * 1024 * 1024 });
  return readManifests(stdout);
}

export function manifestOf(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.find((each) => each.kind === kind && each.metadata.name === name);
  if (found === undefined) throw new Error(`the chart renders no ${kind} "${name}"`);
  return found;
}

/** Of a manifest that makes pods. */
export function podSpecOf({ kind, metadata, spec }: Manifest): PodSpec {
  const pod = kind === 'Pod' ? (spec as unknown as PodSpec | undefined) : spec?.template?.spec;
  if (pod === undefined) throw new Error(`${kind} ${metadata.name} makes no pod`);
  return pod;
}
