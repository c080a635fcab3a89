/** A file of users for tests, with hashes that cost little: of `password of NAME`. */
import { scryptSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export function passwordOf(name: string): string {
  return `password of ${name}`;
}

/** `name:$scrypt$…` */
export function userLine(name: string, password = passwordOf(name)): string {
  const salt = Buffer.alloc(16, name);
  const hash = scryptSync(password, salt, 32, { N: 1_024, r: 1, p: 1 });
  const text = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
  return `${name}:$scrypt$ln=10,r=1,p=1$${text(salt)}$${text(hash)}`;
}

/** Its path. Removed after the test. */
export async function makeUsersFile(t: TestContext, names: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'astrolabe-console-users-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'users');
  await writeFile(path, `# people\n\n${names.map((name) => userLine(name)).join('\n')}\n`);
  return path;
}
