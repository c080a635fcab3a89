import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Packs the package in `folder` as `npm publish` would; returns the tarball's path. */
export function npmPack(folder: string, destination: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  // On Windows npm is a script for its shell.
  const isWindows = process.platform === 'win32';
  const output = execFileSync('npm', args, { cwd: folder, encoding: 'utf8', shell: isWindows });
  const [packed] = JSON.parse(output) as [{ readonly filename: string }];
  return join(destination, packed.filename);
}
