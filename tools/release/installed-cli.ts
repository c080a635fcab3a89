/**
 * `astrolabe` as it is after an installation of its tarball in an empty folder. Without a registry: the packages of npm
 * that it declares, and no other, are linked from this repository.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { machineEnvironment } from '@astrolabe/testkit';
import { writeCliPackage } from './cli-package.ts';
import { npmPack } from './npm-pack.ts';

const root = resolve(import.meta.dirname, '../..');

export interface CliManifest {
  readonly name: string;
  readonly version: string;
  readonly scripts?: unknown;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bundleDependencies: readonly string[];
}

export interface InstalledCli {
  readonly folder: string;
  readonly manifest: CliManifest;
  readonly run: (args: readonly string[], env?: Readonly<Record<string, string>>) => CliRun;
}

export interface CliRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function installPackedCli(t: TestContext): InstalledCli {
  const empty = mkdtempSync(join(tmpdir(), 'astrolabe-installed-'));
  t.after(() => rmSync(empty, { recursive: true, force: true }));
  const written = join(empty, 'written');
  mkdirSync(written);
  writeCliPackage(root, written);
  const folder = join(empty, 'node_modules/@astrolabe/cli');
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xzf', npmPack(written, empty), '--strip-components=1', '-C', folder]);
  rmSync(written, { recursive: true });

  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as CliManifest;
  const ofNpm = Object.keys(manifest.dependencies).filter((name) => !manifest.bundleDependencies.includes(name));
  for (const name of ofNpm) {
    const place = join(empty, 'node_modules', name);
    mkdirSync(dirname(place), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), place, 'junction');
  }
  return {
    folder,
    manifest,
    run: (args, env = {}) =>
      spawnSync(process.execPath, [join(folder, 'astrolabe.js'), ...args], {
        cwd: empty,
        encoding: 'utf8',
        env: { ...machineEnvironment(), ...env },
      }),
  };
}
