/**
 * Makes the npm package of `astrolabe`: `npm run pack:cli` writes `dist/astrolabe-cli-VERSION.tgz` and prints its path.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeCliPackage } from './cli-package.ts';
import { npmPack } from './npm-pack.ts';

const root = resolve(import.meta.dirname, '../..');
const destination = join(root, 'dist');

mkdirSync(destination, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'astrolabe-cli-'));
try {
  writeCliPackage(root, folder);
  process.stdout.write(`${npmPack(folder, destination)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
