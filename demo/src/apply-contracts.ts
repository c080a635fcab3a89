/** Topics and schemas, applied as an operator does: by the program `astrolabe`. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { machineEnvironment, spawnGuarded } from '@astrolabe/testkit';

const program = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));
const ORPHAN_GRACE_MS = 2_000;

export type ContractKind = 'topics' | 'schemas';

/** Rejects with the program's output when it fails. */
export async function applyContracts(what: ContractKind, env: Readonly<Record<string, string>>): Promise<void> {
  const running = await spawnGuarded({
    command: process.execPath,
    args: [program, what, 'apply', '--execute'],
    env: { ...machineEnvironment(), ...env },
    output: 'pipe',
    orphanGraceMs: ORPHAN_GRACE_MS,
  });
  const lines: string[] = [];
  for (const stream of [running.child.stdout, running.child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  const { code, signal } = await running.exited;
  if (code === 0) return;
  const how = signal ?? `exit code ${code}`;
  throw new Error(`"astrolabe ${what} apply --execute" failed (${how}):\n${lines.join('\n')}`);
}
